/* SPDX-License-Identifier: Apache-2.0 */
/* Works in double precision.  A compiler may fuse a product and a sum on one machine and not on
 * another, so results are either exact in any order, or checked to within a rounding error. */
#include "bench.h"

#include <math.h>
#include <string.h>

/* ---- matrices ---- */

#define SIDE 32

static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];

/* Multiples of 1/8 small enough that every sum is exact. */
void prepare_matmul(uint32_t one)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            a[i][j] = (i * 7 + j * 3 + (int)one) * 0.25;
            b[i][j] = (i * 5 - j * 2) * 0.5;
            c[i][j] = 0;
        }
}

uint64_t work_matmul(uint32_t one)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double sum = 0;

            for (int k = 0; k < SIDE; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    return one;
}

uint64_t check_matmul(uint64_t got)
{
    double trace = 0;
    uint64_t bits;

    (void)got;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            trace += c[i][j] * (1 + (i ^ j));
    memcpy(&bits, &trace, sizeof bits);
    return bits;
}

/* ---- bodies ---- */

#define BODIES 5

static struct body {
    double at[3], speed[3], mass;
} bodies[BODIES];
static double energy_before;

static double energy(void)
{
    double sum = 0;

    for (int i = 0; i < BODIES; i++) {
        const struct body *p = &bodies[i];

        for (int k = 0; k < 3; k++)
            sum += 0.5 * p->mass * p->speed[k] * p->speed[k];
        for (int j = i + 1; j < BODIES; j++) {
            double square = 0;

            for (int k = 0; k < 3; k++) {
                double d = p->at[k] - bodies[j].at[k];

                square += d * d;
            }
            sum -= p->mass * bodies[j].mass / sqrt(square);
        }
    }
    return sum;
}

/* A heavy one in the middle, the others on rings around it. */
void prepare_nbody(uint32_t one)
{
    memset(bodies, 0, sizeof bodies);
    bodies[0].mass = 1000 * one;
    for (int i = 1; i < BODIES; i++) {
        struct body *p = &bodies[i];
        double radius = 10.0 * i, speed = sqrt(bodies[0].mass / radius);

        p->mass = 0.25 * i;
        p->at[i % 2] = radius;
        p->speed[(i + 1) % 2] = i % 2 ? speed : -speed;
        p->at[2] = 0.5 * i;
    }
    energy_before = energy();
}

static void step(double dt)
{
    for (int i = 0; i < BODIES; i++) {
        struct body *p = &bodies[i];

        for (int j = i + 1; j < BODIES; j++) {
            struct body *q = &bodies[j];
            double x = p->at[0] - q->at[0], y = p->at[1] - q->at[1], z = p->at[2] - q->at[2];
            double square = x * x + y * y + z * z, force = dt / (square * sqrt(square));
            double mp = p->mass * force, mq = q->mass * force;

            p->speed[0] -= x * mq;
            p->speed[1] -= y * mq;
            p->speed[2] -= z * mq;
            q->speed[0] += x * mp;
            q->speed[1] += y * mp;
            q->speed[2] += z * mp;
        }
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].at[k] += dt * bodies[i].speed[k];
}

uint64_t work_nbody(uint32_t one)
{
    for (uint32_t i = 0; i < 200 * one; i++)
        step(0.01);
    return one;
}

/* They moved (the inner one by 2 units of its ring of 10), and no energy came or went but for the
 * method's error. */
uint64_t check_nbody(uint64_t got)
{
    double drift = fabs(energy() / energy_before - 1), x = bodies[1].at[1] - 10, y = bodies[1].at[0];

    return got && drift < 1e-3 && x * x + y * y > 100 && fabs(bodies[0].at[0]) < 1;
}

/* ---- a Fourier transform ---- */

#define POINTS 1024

static double re[POINTS], im[POINTS], cosine[POINTS / 2], sine[POINTS / 2];

/* Three oscillations, of which the transform must give the heights back. */
static const struct {
    int frequency, height;
} tones[] = {{3, 5}, {100, 2}, {511, 7}};

void prepare_fft(uint32_t one)
{
    static double sum[POINTS];
    static bool made;
    const double turn = 2 * 3.14159265358979323846 * one / POINTS;

    if (!made) {
        for (int i = 0; i < POINTS / 2; i++) {
            cosine[i] = cos(turn * i);
            sine[i] = -sin(turn * i);
        }
        for (int i = 0; i < POINTS; i++)
            for (size_t t = 0; t < sizeof tones / sizeof tones[0]; t++)
                sum[i] += tones[t].height * cos(turn * (tones[t].frequency * i % POINTS));
        made = true;
    }
    memcpy(re, sum, sizeof re);
    memset(im, 0, sizeof im);
}

static void exchange(double *x, double *y)
{
    double t = *x;

    *x = *y;
    *y = t;
}

uint64_t work_fft(uint32_t one)
{
    for (uint32_t i = one, j = 0; i < POINTS; i++) {
        uint32_t bit = POINTS / 2;

        for (; j & bit; bit /= 2)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            exchange(&re[i], &re[j]);
            exchange(&im[i], &im[j]);
        }
    }
    for (uint32_t half = one; half < POINTS; half *= 2)
        for (uint32_t from = 0; from < POINTS; from += 2 * half)
            for (uint32_t k = 0; k < half; k++) {
                uint32_t low = from + k, high = low + half, w = k * (POINTS / 2 / half);
                double x = re[high] * cosine[w] - im[high] * sine[w];
                double y = re[high] * sine[w] + im[high] * cosine[w];

                re[high] = re[low] - x;
                im[high] = im[low] - y;
                re[low] += x;
                im[low] += y;
            }
    return one;
}

/* How many points of the spectrum are right. */
uint64_t check_fft(uint64_t got)
{
    uint64_t right = 0;

    for (int i = 0; i < POINTS; i++) {
        double height = 0;

        for (size_t t = 0; t < sizeof tones / sizeof tones[0]; t++)
            if (i == tones[t].frequency || i == POINTS - tones[t].frequency)
                height = tones[t].height * (POINTS / 2);
        right += fabs(re[i] - height) < 1e-6 && fabs(im[i]) < 1e-6;
    }
    return got * right;
}
