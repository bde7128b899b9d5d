"""The numbers in a file of sales, computed with nothing of ours; and a file that is wrong."""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Numbers:
    """How much was sold."""

    records: int
    amount: Decimal
    by_region: Mapping[str, Decimal]

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Add up a CSV file."""
        regions: dict[str, Decimal] = defaultdict(Decimal)
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            regions[row["region"]] += Decimal(row["quantity"]) * Decimal(row["unit_price"])
        return cls(len(rows), sum(regions.values(), Decimal()), dict(regions))

    @classmethod
    def of_records(cls, text: str) -> Self:
        """Add up the records that the pipeline wrote."""
        records = json.loads(text, parse_float=Decimal)["records"]
        regions: dict[str, Decimal] = defaultdict(Decimal)
        for record in records:
            regions[record["region"]] += record["amount"]
        return cls(len(records), sum(regions.values(), Decimal()), dict(regions))

    @classmethod
    def of_summary(cls, text: str) -> Self:
        """Take the numbers that the pipeline has computed itself."""
        told = json.loads(text, parse_float=Decimal)["statistics"]["CalculateStatistics"]
        regions = {group["key"]["region"]: group["fields"]["amount"]["sum"] for group in told["groups"]}
        return cls(told["rows"], told["fields"]["amount"]["sum"], regions)


def spoil(path: Path, spoiled: Path) -> None:
    """Write the file again with a word for the quantity in row 3."""
    lines = path.read_text().splitlines()
    cells = lines[2].split(",")
    cells[4] = "many"
    spoiled.write_text("\n".join([*lines[:2], ",".join(cells), *lines[3:], ""]))
