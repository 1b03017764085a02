"""Rows of caches in Spark: `spark-submit engines-spark.py rows.jsonl spark.parquet`.

Reads what `vlive dump clients --format rows` prints, writes it as Parquet, and prints count, sum and types.
"""

import sys

from pyspark.sql import SparkSession, functions

SCHEMA = """
    cache string, key string, fetched_at bigint, id string,
    row struct<name: string, balance: decimal(18, 2), created_at: timestamp, active: boolean>
"""


def main(rows: str, parquet: str) -> None:
    spark = SparkSession.builder.appName("vlive").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    lines = spark.read.schema(SCHEMA).option("mode", "FAILFAST").json(rows)
    clients = lines.select(
        "cache", "key", functions.timestamp_seconds("fetched_at").alias("fetched_at"), "id", "row.*"
    )
    clients.write.mode("overwrite").parquet(parquet)
    clients = spark.read.parquet(parquet)
    print(clients.agg(functions.count("*"), functions.sum("balance"), functions.max("created_at")).first())
    print(clients.dtypes)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
