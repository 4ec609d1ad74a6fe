"""What reading one file may cost."""

from typing import Annotated

from pydantic import BaseModel, Field

MIB = 2**20


class ParseLimits(BaseModel, frozen=True):
    """Enforced by the kernel in the child (memory, CPU) and by its parent (wall clock)."""

    memory_bytes: Annotated[int, Field(ge=256 * MIB)] = 2048 * MIB
    cpu_s: Annotated[int, Field(ge=1, le=3600)] = 60
    wall_s: Annotated[float, Field(gt=0, le=3600)] = 120.0
    text_file_bytes: Annotated[int, Field(ge=1)] = 64 * MIB
    image_file_bytes: Annotated[int, Field(ge=1)] = 64 * MIB
    text_chars: Annotated[int, Field(ge=1)] = 20_000_000
    files_per_child: Annotated[int, Field(ge=1)] = 2_000
    """Small files, after which a fresh child goes on; each 64 KiB of a file count as one more."""
