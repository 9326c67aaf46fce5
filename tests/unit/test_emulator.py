"""The emulator's own additions."""

import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.emulator import UnpackedOnce


def test_containers_that_start_at_once_all_get_the_whole_archive(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    archive = tmp_path / "code.zip"
    names = [f"{number}.py" for number in range(200)]
    with zipfile.ZipFile(archive, "w") as code:
        for name in names:
            code.writestr(name, "x = 1\n")

    def start(container: Path) -> list[str]:
        container.mkdir()
        with UnpackedOnce(archive) as code:
            code.extractall(str(container))
        return sorted(each.name for each in container.iterdir())

    containers = [tmp_path / f"container-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(containers)) as threads:
        assert list(threads.map(start, containers)) == [sorted(names)] * len(containers)
