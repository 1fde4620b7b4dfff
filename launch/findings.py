"""What a check found, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; `fix` is empty when all is well. A warning does not fail."""

    check: str
    state: str
    fact: str
    fix: str = ""


def fine(check: str, fact: str) -> Finding:
    return Finding(check, "ok", fact)


def warning(check: str, fact: str, fix: str) -> Finding:
    return Finding(check, "warning", fact, fix)


def broken(check: str, fact: str, fix: str) -> Finding:
    return Finding(check, "broken", fact, fix)


def render(findings: list[Finding]) -> str:
    """Lay the findings out as text, the fix below what is not well."""
    marks = {"ok": "✓", "warning": "–", "broken": "✗"}
    lines = []
    for finding in findings:
        lines.append(f"  {marks[finding.state]} {finding.check:<12} {finding.fact}")
        if finding.fix:
            lines.append(f"    {'':<12} fix: {finding.fix}")
    return "\n".join(lines)
