# SPDX-License-Identifier: Apache-2.0
# The page (form=md) or the JSON (form=json) of a study, from studies/lib/columns and NAME.csv; `work` has
# its sentences, command lines and versions.
function lines(suffix, out,    file, line, n) {
    file = work "." suffix
    while ((getline line < file) > 0)
        out[++n] = line
    close(file)
    return n + 0
}

function quoted(text) {
    gsub(/[\\"]/, "\\\\&", text)
    return "\"" text "\""
}

function list(title, items, n,    i) {
    printf "  %s: [", quoted(title)
    for (i = 1; i <= n; i++)
        printf "%s\n    %s", (i > 1 ? "," : ""), quoted(items[i])
    printf "\n  ],\n"
}

# studies/lib/columns
FNR == NR {
    if (/^#/ || !NF)
        next
    unit[$1] = $2
    meaning = $0
    sub(/^[^ ]+ +[^ ]+ +/, "", meaning)
    means[$1] = meaning
    next
}

FNR == 1 {
    columns = split($0, column, ",")
    for (i = 1; i <= columns; i++)
        if (!(column[i] in unit)) {
            print "studies/lib/columns does not have " column[i] > "/dev/stderr"
            failed = 1
            exit 1
        }
    next
}

{ row[++rows] = $0 }

function page(    i, n, items) {
    printf "# %s\n\n%s\n\n![%s](%s.svg)\n\n", title, question, title, name
    n = lines("says", items)
    for (i = 1; i <= n; i++)
        printf "- %s\n", items[i]
    printf "\n## Data\n[%s.csv](%s.csv):\n\n| column | unit | |\n| --- | --- | --- |\n", name, name
    for (i = 1; i <= columns; i++)
        printf "| `%s` | %s | %s |\n", column[i], unit[column[i]] == "-" ? "" : unit[column[i]], \
            means[column[i]]
    printf "\n## How\n`studies/run %s`, which ran\n\n", name
    n = lines("commands", items)
    for (i = 1; i <= n; i++)
        printf "    %s\n", items[i]
    printf "\n(`--keep` leaves each machine's job, with what its guest did) with\n\n"
    n = lines("versions", items)
    for (i = 1; i <= n; i++)
        printf "    %s\n", items[i]
}

function json(    i, j, n, items, f) {
    printf "{\n  \"study\": %s,\n  \"title\": %s,\n  \"question\": %s,\n", quoted(name), quoted(title),
        quoted(question)
    n = lines("versions", items)
    list("versions", items, n)
    n = lines("commands", items)
    list("commands", items, n)
    n = lines("says", items)
    list("says", items, n)
    printf "  \"columns\": ["
    for (i = 1; i <= columns; i++)
        printf "%s\n    {\"name\": %s, \"unit\": %s, \"meaning\": %s}", (i > 1 ? "," : ""),
            quoted(column[i]), quoted(unit[column[i]]), quoted(means[column[i]])
    printf "\n  ],\n  \"points\": ["
    for (i = 1; i <= rows; i++) {
        split(row[i], f, ",")
        printf "%s\n    [", (i > 1 ? "," : "")
        for (j = 1; j <= columns; j++)
            printf "%s%s", (j > 1 ? ", " : ""),
                f[j] == "" ? "null" : f[j] ~ /^-?[0-9]+(\.[0-9]+)?$/ ? f[j] : quoted(f[j])
        printf "]"
    }
    printf "\n  ]\n}\n"
}

END {
    if (failed)
        exit 1
    if (form == "md")
        page()
    else
        json()
}
