"""The forge as this machine asks it: what git does not manage is told, so that who watches can try on."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.lab.errors import LabError
from scripts.lab.stand import git_host
from scripts.lab.stand.git_host import GitHost


def test_git_that_takes_too_long_is_a_fault_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in for CI ended for ever after one slow answer, as it knows LabError alone."""
    monkeypatch.setattr(git_host, "TIME_LIMIT", 0.2)
    host = GitHost("127.0.0.1", 443, "a-token", tmp_path / "bundle.crt")
    with pytest.raises(LabError, match="did not end within"):
        host.git("-c", "alias.slow=!sleep 5", "slow", cwd=tmp_path)
