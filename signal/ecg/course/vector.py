"""The ST vector: level above PQ as one arrow in Frank's axes (X left, Y inferior, Z posterior).

Source: Kors' regression from the eight independent leads to Frank's axes (coefficients of the clinical brief
§7.2). Used for the vector trend of the clinical brief §5: magnitude, and magnitude of the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ORDER = ("V1", "V2", "V3", "V4", "V5", "V6", "I", "II")
KORS = np.array([
    [-0.13, 0.05, -0.01, 0.14, 0.06, 0.54, 0.38, -0.07],
    [0.06, -0.02, -0.05, 0.06, -0.17, 0.13, -0.07, 0.93],
    [-0.43, -0.06, -0.14, -0.20, -0.11, 0.31, 0.11, -0.23],
])  # fmt: skip
"""Leads in ``ORDER`` to X, Y, Z."""


@dataclass(frozen=True, slots=True)
class StVector:
    """An arrow in Frank's axes, µV."""

    x_uv: float
    y_uv: float
    z_uv: float

    @property
    def magnitude_uv(self) -> float:
        """Length of the arrow."""
        return float(np.sqrt(self.x_uv**2 + self.y_uv**2 + self.z_uv**2))

    @property
    def azimuth_deg(self) -> float:
        """Direction in the transverse plane: 0 left, 90 anterior, ±180 right, −90 posterior."""
        return float(np.degrees(np.arctan2(-self.z_uv, self.x_uv)))

    @property
    def elevation_deg(self) -> float:
        """Angle below the transverse plane: 90 inferior, −90 superior."""
        return float(np.degrees(np.arctan2(self.y_uv, np.hypot(self.x_uv, self.z_uv))))

    def minus(self, other: StVector) -> StVector:
        """The change from another arrow to this one."""
        return StVector(self.x_uv - other.x_uv, self.y_uv - other.y_uv, self.z_uv - other.z_uv)


def st_vector(level_uv: Mapping[str, float | None]) -> StVector | None:
    """The arrow of levels by lead in µV; None where one of the eight independent leads cannot be read."""
    levels = [level_uv.get(name) for name in ORDER]
    known = [level for level in levels if level is not None]
    if len(known) < len(ORDER):
        return None
    x, y, z = (float(v) for v in KORS @ np.array(known))
    return StVector(x, y, z)
