"""Runs the recipes of docs/engines.md and compares what the engines read with the lines themselves.

    compare.py VLIVE [MEGABYTES]

VLIVE is the program; the generated cache has about MEGABYTES (100) of rows. Needs the packages `duckdb` and `chdb`.
"""

import datetime
import decimal
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import chdb
import duckdb

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/engines.md").read_text()
ROWS_PER_ENTRY = 2000


def recipe(engine: str) -> str:
    (sql,) = re.findall(rf"```sql {engine}\n(.*?)```", PAGE, re.S)
    return sql


def dump(vlive: str, cache: pathlib.Path, out, label: str | None) -> None:
    labelled = ["--label", label] if label else []
    subprocess.run([vlive, "-C", cache, "dump", "clients", "--format", "rows", *labelled], stdout=out, check=True)


def generate(vlive: str, folder: pathlib.Path, megabytes: int) -> None:
    """A cache of clients, as JSON Lines on their way into `vlive load`."""
    chance = random.Random(1)
    load = subprocess.Popen([vlive, "-C", folder, "load", "-q"], stdin=subprocess.PIPE, text=True)
    written = entry = 0
    while written < megabytes << 20:
        rows = {}
        for n in range(ROWS_PER_ENTRY):
            number = entry * ROWS_PER_ENTRY + n
            rows[f"client:{number}"] = {
                "name": f"Zoë {number} " + "x" * chance.randrange(200),
                "balance": {"$tag": [10, f"{chance.randrange(-10**9, 10**9)}.{chance.randrange(100):02}"]},
                "created_at": {"$tag": [12, [chance.randrange(2 * 10**9), chance.randrange(10**6) * 1000]]},
                "active": chance.random() < 0.5,
            }
        line = json.dumps({"key": f"clients/page_{entry}", "fetched_at": 1770000000 + entry, "rows": rows})
        load.stdin.write(line + "\n")
        written += len(line)
        entry += 1
    load.stdin.close()
    assert load.wait() == 0


def expected(rows: pathlib.Path) -> tuple:
    """Count, sums and maxima by plain Python."""
    count, balance, active, latest, newest, caches = 0, decimal.Decimal(0), 0, None, 0, set()
    with rows.open() as lines:
        for line in lines:
            line = json.loads(line, parse_float=decimal.Decimal)
            row = line["row"]
            count += 1
            balance += row["balance"]
            active += row["active"]
            # Microseconds, as every engine has them: fromisoformat cuts what is beyond.
            created = datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", row["created_at"]))
            latest = created if latest is None else max(latest, created)
            newest = max(newest, line["fetched_at"])
            caches.add(line.get("cache"))
    return count, balance, active, int(latest.timestamp()), newest, len(caches)


QUERY = """
select count(*), sum(balance), sum(case when active then 1 else 0 end), cast(floor(epoch(max(created_at))) as bigint),
    cast(epoch(max(fetched_at)) as bigint), count(distinct coalesce(cache, '')) from 
"""


def compare(what: str, rows: pathlib.Path) -> None:
    os.chdir(rows.parent)
    for parquet in rows.parent.glob("*.parquet"):
        parquet.unlink()
    reference = expected(rows)
    with duckdb.connect() as db:
        db.execute("set TimeZone = 'UTC'")
        db.execute(recipe("duckdb"))
        chdb.query(recipe("clickhouse"))
        found = {
            "duckdb": db.execute(QUERY + "clients").fetchone(),
            "duckdb's parquet": db.execute(QUERY + "'duckdb.parquet'").fetchone(),
            "clickhouse's parquet": db.execute(QUERY + "'clickhouse.parquet'").fetchone(),
        }
        for name, result in found.items():
            assert result == reference, f"{what}, {name}: {result}, and not {reference}"
        for parquet in ("duckdb.parquet", "clickhouse.parquet"):
            described = db.execute(f"describe select * from '{parquet}'").fetchall()
            types = {column: kind for column, kind, *_ in described}
            assert types["balance"] == "DECIMAL(18,2)", types
            assert types["active"] in ("BOOLEAN", "UTINYINT"), types
            assert types["created_at"].startswith("TIMESTAMP"), types
            assert types["fetched_at"].startswith("TIMESTAMP"), types
    in_clickhouse = chdb.query(
        "select count(), sum(balance), countIf(active) from file('clickhouse.parquet') format TSV"
    ).bytes().decode().split()
    assert in_clickhouse == [str(reference[0]), str(reference[1]), str(reference[2])], in_clickhouse
    print(f"{what}: {reference[0]} rows, balance {reference[1]}, {reference[2]} active: equal in all")


def main(vlive: str, megabytes: str = "100") -> None:
    vlive = str(pathlib.Path(vlive).resolve())
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rows = folder / "rows.jsonl"
        bakery = ROOT / "tests/caches/bakery"
        with rows.open("wb") as out:
            dump(vlive, bakery, out, None)
        compare("bakery", rows)
        with rows.open("wb") as out:
            for label in ("one", "two", "it's \"three\""):
                dump(vlive, bakery, out, label)
        compare("three caches", rows)
        generate(vlive, folder / "generated", int(megabytes))
        with rows.open("wb") as out:
            dump(vlive, folder / "generated", out, None)
        compare(f"generated, {rows.stat().st_size >> 20} MiB of lines", rows)
        if keep := os.environ.get("KEEP_ROWS"):
            rows.replace(keep)


if __name__ == "__main__":
    main(*sys.argv[1:])
