"""The operator's plan: what it allows, and that its errors say where and repeat nothing."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from ai.models.keys import Keys, MissingKey
from ai.models.plan import OFFLINE, BadPlan, Choice, Plan, parse_plan, read_plan

WRITTEN = """
tiers:
  pro:
    budget_usd: 12.5
    models:
      summary_fast:
        - {spec: "openai:small", key: "env:OPENAI_API_KEY", price_in: 0.15, price_out: 0.6}
        - {spec: "ollama:llama", base_url: "http://10.0.0.5:11434"}
      bot:
        - {spec: "anthropic:mid", key: "file:anthropic"}
tenants:
  acme: {budget_usd: 1, data: local_only}
  rich:
    models: {summary_fast: [{spec: "openai:large", key: "file:own"}]}
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return parse_plan(WRITTEN)


def specs(choices: tuple[Choice, ...]) -> list[str]:
    return [one.spec for one in choices]


def test_models_are_tried_in_the_order_they_stand_and_the_offline_one_is_last(plan: Plan) -> None:
    assert specs(plan.choices("any", "pro", "summary_fast")) == [
        "openai:small",
        "ollama:llama",
        OFFLINE.spec,
    ]


@pytest.mark.parametrize(("tier", "purpose"), [("free", "summary_fast"), ("pro", "moderate")])
def test_where_nothing_is_said_only_the_offline_model_is_left(
    plan: Plan, tier: str, purpose: str
) -> None:
    assert plan.choices("any", tier, purpose) == (OFFLINE,)  # type: ignore[arg-type]
    assert plan.budget_micros("any", "free") == 0


def test_a_tenant_has_the_say_before_its_tier(plan: Plan) -> None:
    assert specs(plan.choices("rich", "pro", "summary_fast"))[0] == "openai:large"
    assert specs(plan.choices("rich", "pro", "bot"))[0] == "anthropic:mid"
    assert plan.budget_micros("rich", "pro") == 12_500_000
    assert plan.budget_micros("acme", "pro") == 1_000_000


def test_what_may_not_leave_goes_to_our_own_machines_only(plan: Plan) -> None:
    assert specs(plan.choices("acme", "pro", "summary_fast")) == ["ollama:llama", OFFLINE.spec]
    assert plan.data_policy("any", "pro") == "redact"


@pytest.mark.parametrize(
    ("base_url", "local"),
    [
        ("http://localhost:1234/v1", True),
        ("http://192.168.1.2/v1", True),
        ("http://[::1]/v1", True),
        ("https://api.example.com/v1", False),
        ("https://8.8.8.8/v1", False),
        ("https://localhost.example.com/v1", False),
        (None, False),
    ],
)
def test_only_loopback_and_private_addresses_are_ours(base_url: str | None, local: bool) -> None:
    assert Choice(spec="openai:x", base_url=base_url).is_local is local


def test_rules_and_a_model_on_this_machine_are_ours() -> None:
    assert OFFLINE.is_local
    assert Choice(spec="ollama:llama").is_local
    assert not Choice(spec="ollama:llama", base_url="https://models.example.com").is_local


def test_only_a_client_that_can_be_kept_off_proxies_stays_on_our_machines() -> None:
    for provider, local in {"anthropic": True, "ollama": True, "mistralai": False}.items():
        made = Choice(spec=f"{provider}:x", base_url="http://10.0.0.5/v1")
        assert made.is_local is local


def test_who_makes_vectors_may_have_several_keys_and_is_asked_for_no_words() -> None:
    def terms(key: str) -> dict[str, object]:
        embed = {"spec": "a:v", "key": key}
        return {"models": {"embed": [embed], "bot": [{"spec": "a:b"}]}}

    told = {"tiers": {"pro": terms("file:one")}, "tenants": {"acme": terms("file:two")}}
    made = Plan.model_validate(told)
    assert [one.key for one in made.choices("acme", "pro", "embed")] == ["file:two", None]
    assert specs(made.speaking()) == ["a:b"]
    assert len(made.all_choices()) == 3
    assert [one.key for one in made.embedders()] == ["file:one", "file:two"]
    assert parse_plan("").embedders() == ()


def test_costs_are_rounded_up(plan: Plan) -> None:
    small = plan.choices("any", "pro", "summary_fast")[0]
    assert small.price_in == Decimal("0.15")
    assert small.cost_micros(1_000_000, 1_000_000) == 750_000
    assert small.cost_micros(1, 0) == 1
    assert small.cost_micros(0, 0) == 0


def test_another_word_is_another_version(plan: Plan) -> None:
    assert plan.version == parse_plan(WRITTEN).version
    assert plan.version != parse_plan(WRITTEN.replace("12.5", "12.6")).version


def test_an_empty_file_allows_nothing(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").touch()
    empty = read_plan(tmp_path / "models.yaml")
    assert empty == Plan()
    assert not empty.serves("summary_fast", "summary_rich")


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ("tiers: [", "line"),
        ("tiers: {pro: {models: {summary_fast: [{spec: nothing}]}}}", "spec"),
        ("tiers: {pro: {models: {poems: []}}}", "poems"),
        ("tiers: {pro: {budget_usd: -1}}", "budget_usd"),
        ("tiers: {pro: {models: {bot: [{spec: 'offline:rules'}]}}}", "offline"),
        ("tiers: {pro: {models: {bot: [{spec: 'a:b', key: 'sk-live-123456'}]}}}", "key"),
        ("tiers: {pro: {models: {bot: [{spec: 'a:b', key: 'env:DATABASE_URL'}]}}}", "key"),
        ("tiers: {pro: {models: {bot: [{spec: 'a:b', key: 'file:../jwks.json'}]}}}", "key"),
        ("tiers: {pro: {models: {bot: [{spec: 'a:b', base_url: 'https://u:p@h/'}]}}}", "base_url"),
        ("tiers: {pro: {models: {translate: []}}}", "pro.models.*translates nothing yet"),
        (
            "{tiers: {a: {models: {embed: [{spec: 'a:b'}]}}, b: {models: {embed: [{spec: 'a:c'}]}}}}",
            "embed names one model",
        ),
        ("- a list", "file"),
    ],
)
def test_a_plan_that_does_not_fit_says_where_and_repeats_no_value(written: str, where: str) -> None:
    with pytest.raises(BadPlan, match=where) as caught:
        parse_plan(written)
    assert not {"sk-live", "u:p@h", "DATABASE_URL"} & set(str(caught.value).split("'"))
    assert "sk-live" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"#" * 1_000_001])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "models.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadPlan, match=r"models\.yaml"):
        read_plan(path)


def test_keys_are_found_where_the_plan_says_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("from-a-file\n")
    keys = Keys({"A_API_KEY": "from-the-environment"}, tmp_path)
    assert keys.find("env:A_API_KEY") == SecretStr("from-the-environment")
    assert keys.find("file:own") == SecretStr("from-a-file")
    for missing in ("env:B_API_KEY", "file:other"):
        with pytest.raises(MissingKey):
            keys.find(missing)
    assert "from-the-environment" not in repr(keys)
