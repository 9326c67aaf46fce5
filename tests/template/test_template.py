"""The template keeps its rules, and each rule notices when it is broken."""

import copy
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from tests.template import rules
from tests.template.rules import ROOT, Template

RULES = [
    rules.every_function_has_a_log_group_that_forgets,
    rules.every_function_has_alarms,
    rules.every_alarm_on_metrics_of_our_own_reads_its_stages,
    rules.every_function_has_an_event_file,
    rules.every_function_has_a_chapter_in_the_api_document,
    rules.every_function_has_a_folder_and_every_folder_a_function,
    rules.no_policy_has_a_wildcard,
    rules.no_function_has_a_policy_by_name,
    rules.every_alarm_names_a_chapter_of_the_runbook,
    rules.every_route_of_the_contract_is_there_and_no_other,
    rules.a_queue_hides_a_message_six_times_as_long_as_its_consumer_may_take,
    rules.tables_of_people_can_be_recovered,
    rules.whatever_is_kept_is_encrypted,
    rules.the_edge_reads_an_address_as_the_gateway_does,
    rules.every_route_of_codes_is_limited_by_address,
    rules.every_gateway_response_allows_cors,
    rules.whatever_refuses_before_a_function_does_answers_as_they_do,
    rules.overload_says_when_to_come_back,
]


@pytest.fixture
def template() -> Template:
    return rules.read()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps_the_rule(rule: Callable[[Template], list[str]], template: Template) -> None:
    assert rule(template) == []


def _without_retention(resources: dict[str, Any]) -> None:
    del resources["BookSlotLogs"]["Properties"]["RetentionInDays"]


def _without_an_alarm(resources: dict[str, Any]) -> None:
    del resources["BookSlotFaulting"]


def _with_an_alarm_of_all_stages(resources: dict[str, Any]) -> None:
    resources["ReleaseBehind"]["Properties"]["Namespace"] = "Tika"


def _with_a_function_of_no_operation(resources: dict[str, Any]) -> None:
    resources["Nothing"] = copy.deepcopy(resources["BookSlot"])
    resources["Nothing"]["Properties"]["CodeUri"] = "functions/nothing/"


def _with_a_wildcard_resource(resources: dict[str, Any]) -> None:
    resources["BookSlot"]["Properties"]["Policies"][0]["Statement"][0]["Resource"] = "*"


def _with_a_wildcard_action(resources: dict[str, Any]) -> None:
    resources["BookSlot"]["Properties"]["Policies"][0]["Statement"][0]["Action"] = ["dynamodb:*"]


def _with_a_policy_by_name(resources: dict[str, Any]) -> None:
    resources["BookSlot"]["Properties"]["Policies"].append({"DynamoDBCrudPolicy": {"TableName": "x"}})


def _with_an_alarm_of_no_chapter(resources: dict[str, Any]) -> None:
    resources["ApiSlow"]["Properties"]["AlarmDescription"] = "Slow. Runbook: docs/runbook.md#no-such-chapter"


def _without_a_route(resources: dict[str, Any]) -> None:
    del resources["BookSlot"]["Properties"]["Events"]["Hold"]


def _with_an_open_admin_route(resources: dict[str, Any]) -> None:
    del resources["PublishSession"]["Properties"]["Events"]["Publish"]["Properties"]["Auth"]


def _with_an_impatient_queue(resources: dict[str, Any]) -> None:
    resources["OtpQueue"]["Properties"]["VisibilityTimeout"] = 59


def _without_recovery(resources: dict[str, Any]) -> None:
    del resources["Slots"]["Properties"]["PointInTimeRecoverySpecification"]


def _with_a_plain_queue(resources: dict[str, Any]) -> None:
    del resources["CountDeadLetters"]["Properties"]["SqsManagedSseEnabled"]


def _with_a_plain_table(resources: dict[str, Any]) -> None:
    del resources["Otp"]["Properties"]["SSESpecification"]


def _with_an_edge_that_does_not_decode(resources: dict[str, Any]) -> None:
    limit = resources["Guard"]["Properties"]["Rules"][1]["Statement"]["RateBasedStatement"]
    limit["ScopeDownStatement"]["ByteMatchStatement"]["TextTransformations"] = [{"Priority": 0, "Type": "NONE"}]


def _with_a_route_past_the_limit(resources: dict[str, Any]) -> None:
    resources["VerifyOtp"]["Properties"]["Events"]["Plain"]["Properties"]["Path"] = "/api/v2/confirmOTP"


def _without_cors(resources: dict[str, Any]) -> None:
    del resources["Api"]["Properties"]["GatewayResponses"]["THROTTLED"]["ResponseParameters"]["Headers"][
        "Access-Control-Allow-Origin"
    ]


def _without_a_sentence_in_languages(resources: dict[str, Any]) -> None:
    said = resources["Api"]["Properties"]["GatewayResponses"]["THROTTLED"]["ResponseTemplates"]
    said["application/json"] = '{"errorCode":"TIKA0007","error":"Too many people are here at this moment."}'


def _without_retry_after(resources: dict[str, Any]) -> None:
    del resources["Api"]["Properties"]["GatewayResponses"]["THROTTLED"]["ResponseParameters"]["Headers"]["Retry-After"]


@pytest.mark.parametrize(
    ("rule", "damage"),
    [
        (rules.every_function_has_a_log_group_that_forgets, _without_retention),
        (rules.every_function_has_alarms, _without_an_alarm),
        (rules.every_alarm_on_metrics_of_our_own_reads_its_stages, _with_an_alarm_of_all_stages),
        (rules.every_function_has_an_event_file, _with_a_function_of_no_operation),
        (rules.every_function_has_a_chapter_in_the_api_document, _with_a_function_of_no_operation),
        (rules.every_function_has_a_folder_and_every_folder_a_function, _with_a_function_of_no_operation),
        (rules.no_policy_has_a_wildcard, _with_a_wildcard_resource),
        (rules.no_policy_has_a_wildcard, _with_a_wildcard_action),
        (rules.no_function_has_a_policy_by_name, _with_a_policy_by_name),
        (rules.every_alarm_names_a_chapter_of_the_runbook, _with_an_alarm_of_no_chapter),
        (rules.every_route_of_the_contract_is_there_and_no_other, _without_a_route),
        (rules.every_route_of_the_contract_is_there_and_no_other, _with_an_open_admin_route),
        (rules.a_queue_hides_a_message_six_times_as_long_as_its_consumer_may_take, _with_an_impatient_queue),
        (rules.tables_of_people_can_be_recovered, _without_recovery),
        (rules.whatever_is_kept_is_encrypted, _with_a_plain_queue),
        (rules.whatever_is_kept_is_encrypted, _with_a_plain_table),
        (rules.the_edge_reads_an_address_as_the_gateway_does, _with_an_edge_that_does_not_decode),
        (rules.every_route_of_codes_is_limited_by_address, _with_a_route_past_the_limit),
        (rules.every_gateway_response_allows_cors, _without_cors),
        (rules.whatever_refuses_before_a_function_does_answers_as_they_do, _without_a_sentence_in_languages),
        (rules.overload_says_when_to_come_back, _without_retry_after),
    ],
    ids=lambda part: part.__name__.strip("_"),
)
def test_the_rule_notices_damage(rule, damage: Callable[[dict[str, Any]], None], template: Template) -> None:
    before = rule(template)

    damage(template["Resources"])

    assert len(rule(template)) > len(before)


def test_an_exception_from_the_rule_of_wildcards_is_still_one(template: Template) -> None:
    """An exception that nothing needs any more would let the next wildcard through."""
    needed = {
        (name, action)
        for name, statement in rules._statements(template)
        for action in rules._as_list(statement["Action"])
        if "*" in json.dumps(statement)
    }
    assert set(rules.EXCEPTIONS) <= needed


# What SAM adds to a role by itself, for all resources of the account: logs always, queue and stream to their readers.
ADDED_BY_SAM = {
    "AWSLambdaBasicExecutionRole": None,
    "AWSLambdaSQSQueueExecutionRole": {"SendOtpRole"},
    "AWSLambdaDynamoDBExecutionRole": {"CountSeatsRole"},
}


def _translated(template: Template, *, layer: str = "s3://built/by-sam") -> Template:
    """What CloudFormation gets: the template as `sam package` leaves it, without SAM's own types."""
    for kind, place, uri in (
        ("AWS::Serverless::Function", "CodeUri", "s3://built/by-sam"),
        ("AWS::Serverless::LayerVersion", "ContentUri", layer),
    ):
        for resource in rules.of_type(template, kind).values():
            resource[place] = uri
    return transform(template, {}, _NoManagedPolicies())


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def test_the_translated_template_has_no_managed_policy_but_those_sam_needs(template: Template) -> None:
    for name, role in rules.of_type(_translated(template), "AWS::IAM::Role").items():
        for arn in role.get("ManagedPolicyArns", []):
            allowed = ADDED_BY_SAM[str(arn).rsplit("/", 1)[-1]]
            assert allowed is None or name in allowed


def test_a_new_layer_is_a_new_version_of_every_function_with_an_alias() -> None:
    """Otherwise the API would go on with the code of the layer before, and nobody would be told."""
    before, after = (
        set(rules.of_type(_translated(rules.read(), layer=layer), "AWS::Lambda::Version"))
        for layer in ("s3://built/before", "s3://built/after")
    )

    assert (
        len(before) == len(after) == len([f for f in rules.functions(rules.read()).values() if "AutoPublishAlias" in f])
    )
    assert before & after == set()


def test_what_snapstart_does_not_take_is_not_there(template: Template) -> None:
    """A file system, more than 512 MB of disk, or a runtime that it does not know."""
    for function in rules.functions(template).values():
        assert not {"FileSystemConfigs", "EphemeralStorage", "Runtime", "PackageType"} & set(function)
    assert template["Globals"]["Function"]["Runtime"] == "python3.13"
    assert "EphemeralStorage" not in template["Globals"]["Function"]


def test_turning_snapstart_on_or_off_publishes_a_version(template: Template) -> None:
    """CloudFormation replaces a version whose description changes; its name is made of settings before they are known.

    The version before goes with it, and its snapshot.
    """
    resources = _translated(template)["Resources"].values()
    for version in (one for one in resources if one["Type"] == "AWS::Lambda::Version"):
        assert "${SnapStart}" in version["Properties"]["Description"]["Fn::Sub"]
        assert version["DeletionPolicy"] == "Delete"


def test_forty_functions_fit_into_one_stack(template: Template, measured: Callable[[str], None]) -> None:
    """CloudFormation takes 500 resources; what makes up a function is named after it."""
    functions = tuple(rules.functions(template))
    resources = _translated(template)["Resources"]
    each = sum(name.startswith(functions) for name in resources) / len(functions)
    fixed = len(resources) - each * len(functions)
    with_forty = fixed + 40 * each

    measured(f"{len(resources)} resources: {fixed:.0f}, and {each:.1f} a function; {with_forty:.0f} with 40 functions")
    assert with_forty < 400


def test_a_function_costs_less_than_thirty_lines(template: Template, measured: Callable[[str], None]) -> None:
    """In the mean, with its log group and alarms, and with what all of them share, which stands in the first."""
    section = (ROOT / "template.yaml").read_text().partition("# ---- Functions")[2].partition("  # ----")[0]
    blocks = re.split(r"\n\n(?=  # )", section)[1:]
    lines = dict(zip(rules.functions(template), (len(block.splitlines()) for block in blocks), strict=True))
    mean, longest = sum(lines.values()) / len(lines), max(lines, key=lines.__getitem__)

    measured(f"{mean:.1f} lines of template a function, {lines[longest]} for {longest}")
    assert mean < 30


@pytest.mark.parametrize("stage", ["dev", "staging", "production"])
def test_a_stage_sets_only_parameters_that_exist(stage: str, template: Template) -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())[stage]["deploy"]["parameters"]

    named = {pair.split("=", 1)[0] for pair in settings["parameter_overrides"]}

    assert named <= set(template["Parameters"])
    assert f"Stage={stage}" in settings["parameter_overrides"]


def test_lock_files_pin_with_hashes_and_name_no_index() -> None:
    locks = [*Path(ROOT / "requirements").glob("*.txt"), *ROOT.glob("*/*/requirements.txt")]
    assert len(locks) >= 6
    for lock in locks:
        lines = [line for line in lock.read_text().splitlines() if line and not line.startswith((" ", "#"))]
        assert all("==" in line for line in lines), lock
        assert "://" not in lock.read_text(), lock
        assert lock.read_text().count("--hash=sha256:") >= len(lines), lock
