"""The whole turn says what it lacks."""

from pathlib import Path

from click.testing import CliRunner

from models.learning.retrain_command import retrain


def test_without_torch_it_says_how_to_get_it(tmp_path: Path) -> None:
    """An environment that is not there is named, with the command that makes it."""
    words = [str(tmp_path / "turn"), "--python", str(tmp_path / "none")]
    result = CliRunner().invoke(retrain, words)

    assert result.exit_code == 2
    assert "make trainer" in result.output
    assert not (tmp_path / "turn").exists()
