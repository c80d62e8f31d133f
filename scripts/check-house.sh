#!/bin/bash
# check-house.sh   includes only go down the house's list (docs/architecture.md); no file grows past 600 lines.
set -euo pipefail
cd "$(dirname "$0")/.."
up=$(grep -rnE '^#include "[a-z]+/' src --include='*.[ch]' | awk '
    BEGIN { n = split("cmd cli web cluster node autoscale certs serve store scrape apiserver kube net base", order, " ")
            for (i = 1; i <= n; i++) rank[order[i]] = i }
    { split($0, part, ":"); split(part[1], folder, "/"); match($0, /"[a-z]+\//); to = substr($0, RSTART + 1, RLENGTH - 2)
      from = folder[2]
      if (!(to in rank)) print part[1] ":" part[2] ": unknown folder " to
      else if (rank[to] < rank[from]) print part[1] ":" part[2] ": " from " may not include " to }')
long=$(find src tests bench -name '*.[ch]' -print0 | xargs -0 wc -l | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines, more than 600" }')
[ -z "$up$long" ] && exit 0
printf '%s\n' "$up" "$long" | sed '/^$/d' >&2
exit 1
