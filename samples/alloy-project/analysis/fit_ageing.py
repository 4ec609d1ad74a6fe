"""Fit the time to peak hardness of the aluminium specimens against temperature.

Usage: python fit_ageing.py   (reads ../data/硬さ_時効曲線.csv)
"""

import csv
from math import log
from pathlib import Path

GAS_CONSTANT = 8.314  # J/(mol K)
DATA = Path(__file__).parent.parent / "data" / "硬さ_時効曲線.csv"


def peak_times(alloy: str) -> dict[int, float]:
    """Return ageing temperature in °C → hours to the highest Vickers hardness."""
    peaks: dict[int, tuple[int, float]] = {}
    with DATA.open(encoding="cp932", newline="") as file:
        for row in csv.DictReader(file):
            if row["試料"] == alloy:
                temperature = int(row["時効温度（℃）"])
                point = int(row["ビッカース硬さ（HV）"]), float(row["時効時間（h）"])
                peaks[temperature] = max(point, peaks.get(temperature, point))
    return {temperature: hours for temperature, (_, hours) in peaks.items()}


def activation_energy(times: dict[int, float]) -> float:
    """Return the slope of ln(time) against 1/T, in kJ/mol, by least squares."""
    points = [(1 / (celsius + 273.15), log(hours)) for celsius, hours in times.items()]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points)
    run = sum((x - mean_x) ** 2 for x, _ in points)
    return GAS_CONSTANT * rise / run / 1000


if __name__ == "__main__":
    times = peak_times("AL")
    for celsius, hours in sorted(times.items()):
        print(f"AL {celsius} °C: peak hardness after {hours:g} h")
    print(f"activation energy from three temperatures: {activation_energy(times):.0f} kJ/mol")
