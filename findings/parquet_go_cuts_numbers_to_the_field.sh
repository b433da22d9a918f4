#!/usr/bin/env bash
# github.com/parquet-go/parquet-go v0.32.0 (with a file of pyarrow 26.0.1).
# Expected: reading numbers into fields that cannot hold them is an error, as it is in encoding/json of Go.
# Seen: parquet.ReadFile takes each kind of number for each other and cuts: the id 3,000,000,000 in an int32 is
# -1,294,967,296, a share of 0.75 in an int64 is 0, 1e300 in a float32 is infinite, and a column that the file
# does not have, by a misspelled tag, is 0 in each row. The error is nil. While the ids are small tests are green,
# and those that come later are of nobody. Compare the file's schema with parquet.SchemaOf first.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
venv/bin/python - <<'PY'
import pyarrow as pa
import pyarrow.parquet as pq

columns = {"id": [1, 3_000_000_000, 10_000_000_001], "share": [0.25, 0.75, 3.0], "error": [0.5, 1.5, 1e300]}
pq.write_table(pa.table(columns), "rows.parquet")
PY
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/parquet-go/parquet-go"
)

type wide struct {
	ID    int64   `parquet:"id" json:"id"`
	Share float64 `parquet:"share" json:"share"`
	Error float64 `parquet:"error" json:"error"`
}

type narrow struct {
	ID       int32   `parquet:"id" json:"id"`
	Share    int64   `parquet:"share" json:"share"`
	Error    float32 `parquet:"error" json:"error"`
	Missing  int64   `parquet:"errors" json:"errors"`
}

func main() {
	whole, err := parquet.ReadFile[wide]("rows.parquet")
	if err != nil {
		panic(err)
	}
	cut, err := parquet.ReadFile[narrow]("rows.parquet")
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	for i, row := range cut {
		text, _ := json.Marshal(whole[i])
		var refused narrow
		fmt.Println(whole[i].ID, whole[i].Share, whole[i].Error, row.ID, row.Share, row.Error, row.Missing,
			json.Unmarshal(text, &refused) != nil)
	}
}
GO
go mod init seen 2>noise
go mod edit -require=github.com/parquet-go/parquet-go@v0.32.0
go mod tidy 2>noise || { cat noise >&2; exit 1; }
go run . >seen || { cat seen; exit 1; }
echo "id, share and error as they are, as they are read, a column that is not there, and whether JSON refuses:"
cat seen
diff seen - <<'ROWS' || { echo "The behaviour has changed."; exit 1; }
1 0.25 0.5 1 0 0.5 0 true
3000000000 0.75 1.5 -1294967296 0 1.5 0 true
10000000001 3 1e+300 1410065409 3 +Inf 0 true
ROWS
