"""The language-model agent against an endpoint on loopback: prompts, answers, trouble, accounts."""

from __future__ import annotations

import base64
import io
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from PIL import Image
from stub_endpoint import Answerer, Reply, completion, serving

from polyathlon.agents.llm.endpoint import Endpoint, EndpointFailed
from polyathlon.agents.llm.player import LanguageAgent
from polyathlon.agents.llm.prompt import Wording, last_line
from polyathlon.agents.llm.setting import Setting, read_setting
from polyathlon.core.command import CommandSpace
from polyathlon.core.errors import BadArgument, DecodeError
from polyathlon.core.specs import Brief, Embodiment

KEY = "sk-very-secret-0123456789"
PHONE = Embodiment(id="phone", kind="text")
COMMANDS = CommandSpace(("click(<0..1000>, <0..1000>)", "type(<text>)", "wait()"), 200)
NAMES = ("turn left", "turn right", "go forward", "open the door", "open")
GRID = Embodiment(id="grid", kind="discrete", action_names=NAMES)


def setting(url: str, **changes: str) -> Setting:
    variables = {"URL": url, "MODEL": "stub-1", "KEY": KEY, **changes}
    return read_setting({f"POLYATHLON_LLM_{name}": value for name, value in variables.items()})


def brief(space: spaces.Space = COMMANDS, body: Embodiment = PHONE, seed: int = 7) -> Brief:
    return Brief(
        instruction="Buy milk.", embodiment=body, action_space=space, max_episode_steps=9,
        agent_seed=seed,
    )  # fmt: skip


def ask_once(answer: Answerer, pauses: list[float] | None = None, **changes: str) -> Any:
    with serving(answer) as server:
        sleep = pauses.append if pauses is not None else (lambda _: None)
        endpoint = Endpoint(setting(server.url, **changes), sleep)
        return endpoint.ask([{"role": "user", "content": "Hello"}], seed=3)


# -- the setting --------------------------------------------------------------------------------


def test_the_variables_of_others_do_as_well() -> None:
    found = read_setting(
        {"OPENAI_BASE_URL": "https://host.example/v1/", "OPENAI_API_KEY": KEY, "OPENAI_MODEL": "m"}
    )
    assert (found.url, found.model) == ("https://host.example/v1", "m")
    assert found.key.header == {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("variables", "trouble"),
    [
        ({"URL": ""}, "needs POLYATHLON_LLM_URL or OPENAI_BASE_URL"),
        ({"MODEL": ""}, "needs POLYATHLON_LLM_MODEL"),
        ({"URL": "host.example/v1"}, "URL is no address"),
        ({"URL": "file:///etc/passwd"}, "URL is no address"),
        ({"URL": KEY}, "URL is no address"),
        ({"KEY": f"{KEY}\n{KEY}"}, "KEY holds letters that no key has"),
        ({"KEY": f"{KEY}\u20ac"}, "KEY holds letters that no key has"),
        ({"TIMEOUT": "0"}, "TIMEOUT is '0'; it is a number from 0.1 to 3600"),
        ({"TIMEOUT": "nan"}, "TIMEOUT is 'nan'"),
        ({"RETRIES": "1.5"}, "RETRIES is '1.5'; it is a whole number"),
        ({"IMAGES": "yes"}, "IMAGES is 'yes'; it is 1 or 0"),
        ({"PRICES": "1"}, "PRICES is '1'; it is two numbers"),
        ({"EXTRA": "[]"}, "EXTRA is no JSON object"),
    ],
)
def test_what_the_environment_says_wrongly_is_named(
    variables: dict[str, str], trouble: str
) -> None:
    with pytest.raises(BadArgument, match=trouble) as caught:
        setting("http://127.0.0.1:9/v1", **variables)
    assert KEY not in str(caught.value)


def test_a_record_tells_no_secret() -> None:
    found = setting(
        f"https://me:{KEY}@host.example:444/v1?token={KEY}", EXTRA=json.dumps({"user": KEY})
    )
    told = json.dumps(found.record()) + repr(found) + repr(found.key)
    assert "https://host.example:444/v1" in found.record()["url"]
    assert KEY not in json.dumps(found.record())
    assert KEY not in repr(found.key)
    assert "Secret(...)" in told


# -- the wire -----------------------------------------------------------------------------------


def test_a_question_goes_out_and_an_answer_comes_back() -> None:
    with serving(lambda _: "ACTION: wait()") as server:
        extra = json.dumps({"top_p": 0.5, "max_tokens": None, "max_completion_tokens": 5})
        endpoint = Endpoint(setting(server.url, EXTRA=extra))
        answer = endpoint.ask([{"role": "user", "content": "Hello"}], seed=2**40 + 3)
    assert (answer.text, answer.tokens_in, answer.tokens_out, answer.tries) == (
        "ACTION: wait()", 100, 7, 1,
    )  # fmt: skip
    (sent,) = server.requests
    assert sent == {
        "model": "stub-1", "messages": [{"role": "user", "content": "Hello"}], "temperature": 0.0,
        "seed": 3, "top_p": 0.5, "max_completion_tokens": 5,
    }  # fmt: skip
    assert server.authorisations == [f"Bearer {KEY}"]


def test_without_a_key_none_is_sent() -> None:
    with serving(lambda _: "yes") as server:
        Endpoint(setting(server.url, KEY="")).ask([], seed=0)
    assert server.authorisations == [None]


@pytest.mark.parametrize(
    "body",
    [
        completion([{"type": "text", "text": "y"}, {"type": "text", "text": "es"}]),
        completion("yes", tokens=None),
        {**completion("yes"), "usage": {"prompt_tokens": "many", "completion_tokens": None}},
    ],
)
def test_answers_in_other_forms_are_read(body: dict[str, Any]) -> None:
    answer = ask_once(lambda _: Reply(body=body))
    assert answer.text == "yes"
    assert answer.tokens_in in (None, 100)


def test_no_content_is_an_empty_answer() -> None:
    assert ask_once(lambda _: Reply(body=completion(None))).text == ""


def test_a_busy_endpoint_is_asked_again_later_and_later() -> None:
    replies = iter((Reply(503, b"busy"), Reply(429, {"error": {"message": "slow down"}}), "yes"))
    pauses: list[float] = []
    answer = ask_once(lambda _: next(replies), pauses)
    assert (answer.text, answer.tries) == ("yes", 3)
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0


def test_a_server_that_says_when_is_believed() -> None:
    replies = iter((Reply(429, headers={"Retry-After": "7"}), Reply(503, headers={
        "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), Reply(503, headers={
        "Retry-After": "999999"}), "yes"))  # fmt: skip
    pauses: list[float] = []
    ask_once(lambda _: next(replies), pauses)
    assert pauses == [7.0, 0.0, 60.0]


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (Reply(500, b"oops"), "in 3 tries, at last: HTTP 500 oops. Finished episodes are kept"),
        (Reply(200, b"<html>"), "at last: what it answered is no chat completion"),
        (Reply(200, {"choices": []}), "at last: what it answered is no chat completion"),
        (Reply(200, b"[" * 100_000), "at last: what it answered is no chat completion"),
        (Reply(200, {"choices": [3]}), "at last: what it answered is no chat completion"),
    ],
)
def test_patience_ends(reply: Reply, trouble: str) -> None:
    with pytest.raises(EndpointFailed, match=trouble):
        ask_once(lambda _: reply, RETRIES="2")


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (Reply(401, {"error": {"message": f"bad key {KEY}"}}), r"says HTTP 401: bad key \[key\]"),
        (Reply(404, {"error": "no such model"}), "HTTP 404: no such model"),
        (Reply(400, b"what\nis \x1b[2J this"), "HTTP 400: what is  .2J this"),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), "HTTP 302"),
    ],
)
def test_a_refusal_is_told_at_once(reply: Reply, trouble: str) -> None:
    with serving(lambda _: reply) as server:
        with pytest.raises(EndpointFailed, match=trouble) as caught:
            Endpoint(setting(server.url)).ask([], seed=0)
        assert len(server.requests) == 1
    assert KEY not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.mark.parametrize("drip", [False, True])
def test_who_is_too_slow_is_left(drip: bool) -> None:
    slow = Reply(body=completion("yes"), pause=0.05 if drip else 5.0, drip=drip)
    with pytest.raises(EndpointFailed, match=r"no answer within 0\.3 s"):
        ask_once(lambda _: slow, TIMEOUT="0.3", RETRIES="0")


def test_nobody_there_is_told() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # Bound, but nobody listens.
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        with pytest.raises(EndpointFailed, match=r"model 'stub-1' at http://127.*refused"):
            Endpoint(setting(url, RETRIES="1"), lambda _: None).ask([], seed=0)


# -- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        ("ACTION: click(1, 2)", "click(1, 2)"),
        ("I see a button.\n**Action:** `click(1, 2)`", "click(1, 2)"),
        ("ACTION: wait()\nNo, better:\nAction : click(1, 2)\n", "click(1, 2)"),
        ("<think>ACTION: wait()</think>\nclick(1, 2)", "click(1, 2)"),
        ("```\nclick(1, 2)\n```", "click(1, 2)"),
        ("<think>and on and on", ""),
        ("", ""),
    ],
)
def test_the_last_action_is_found(reply: str, line: str) -> None:
    assert last_line(reply) == line


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("ACTION: click(1, 2)", "click(1, 2)"),
        ("ACTION: I would click(1, 2).", "click(1, 2)"),
        ("ACTION: wait", "wait"),
        ('ACTION: type("na\u00efve (\u4e2d)")', 'type("na\\u00efve (\\u4e2d)")'),
        ("ACTION: type(" + "x" * 500 + ")", "type(" + "x" * 195),
    ],
)
def test_commands_fit_their_space(reply: str, action: str) -> None:
    found = Wording(brief()).find(reply)
    assert found == action
    assert COMMANDS.contains(found)


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        ("ACTION: turn left", "turn left"),
        ("ACTION: Go_Forward.", "go forward"),
        ("ACTION: I open the door now", "open the door"),
        ("ACTION: open", "open"),
    ],
)
def test_named_actions_are_found(reply: str, name: str) -> None:
    assert Wording(brief(spaces.Discrete(5), GRID)).find(reply) == NAMES.index(name)


@pytest.mark.parametrize("reply", ["ACTION: fly", "ACTION: left", "ACTION: push or pull?", ""])
def test_what_names_no_action_is_told(reply: str) -> None:
    body = Embodiment(id="grid", kind="discrete", action_names=("turn left", "push", "pull"))
    with pytest.raises(DecodeError, match="none of the actions"):
        Wording(brief(spaces.Discrete(3), body)).find(reply)


def test_numbers_do_where_there_are_no_names() -> None:
    assert Wording(brief(spaces.Discrete(3, start=2), PHONE)).find("ACTION: 1") == 3


def test_what_cannot_be_said_is_refused() -> None:
    body = Embodiment(id="arm", kind="continuous")
    with pytest.raises(BadArgument, match="says its actions in words; those of 'arm' are Box"):
        Wording(brief(spaces.Box(-1, 1, (4,)), body))


# -- the agent ----------------------------------------------------------------------------------

SEEN = {
    "rgb": np.arange(8 * 6 * 3, dtype=np.uint8).reshape(8, 6, 3),
    "dom": '[1] button "Buy" (10,20 30x40)',
    "instruction": "Buy bread.",
}


def test_it_is_told_what_there_is_to_see_and_to_do() -> None:
    replies = iter(("ACTION: click(5, 6)", "ACTION: wait()"))
    with serving(lambda _: next(replies)) as server:
        agent = LanguageAgent(setting(server.url))
        agent.reset([0], [brief()])
        said = [agent.act([dict(SEEN)], [0])[0] for _ in range(2)]
    assert said == ["click(5, 6)", "wait()"]
    system, user = server.requests[1]["messages"]
    for form in COMMANDS.forms:
        assert f"- {form}" in system["content"]
    text, image = user["content"]
    for words in ("Buy bread.", "Step 2 of at most 9", "click(5, 6)", SEEN["dom"]):
        assert words in text["text"]
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), SEEN["rgb"])


def test_pictures_can_be_left_out() -> None:
    with serving(lambda _: "ACTION: wait()") as server:
        agent = LanguageAgent(setting(server.url, IMAGES="0"))
        agent.reset([0], [brief()])
        agent.act([SEEN], [0])
    assert isinstance(server.requests[0]["messages"][1]["content"], str)


def test_an_answer_without_an_action_is_asked_for_again() -> None:
    replies = iter(("I do not know.", "ACTION: turn right"))
    with serving(lambda _: next(replies)) as server:
        agent = LanguageAgent(setting(server.url))
        agent.reset([0], [brief(spaces.Discrete(5), GRID)])
        assert agent.act([{}], [0]) == [1]
    assert [one["role"] for one in server.requests[1]["messages"]] == [
        "system", "user", "assistant", "user",
    ]  # fmt: skip
    assert "none of the actions" in server.requests[1]["messages"][3]["content"]
    assert agent.spent(0)["requests"] == 2.0


def test_without_an_action_to_the_end_it_says_what_it_heard() -> None:
    with serving(lambda _: "No.") as server:
        agent = LanguageAgent(setting(server.url, CORRECTIONS="0"))
        agent.reset([0, 1], [brief(spaces.Discrete(5), GRID), brief()])
        assert agent.act([{}, {}], [0, 1]) == ["No.", "(no action)"]


def test_asking_again_is_no_further_step() -> None:
    with serving(lambda _: "ACTION: wait()") as server:
        agent = LanguageAgent(setting(server.url))
        agent.reset([0], [brief()])
        for seen in (first := {"instruction": "Go."}, first, {"instruction": "Go."}):
            agent.act([seen], [0])
    told = [body["messages"][1]["content"] for body in server.requests]
    assert [text.partition("Step ")[2][:1] for text in told] == ["1", "1", "2"]


def test_slots_are_asked_at_once_and_kept_apart() -> None:
    def answer(body: dict[str, Any]) -> str:
        return f'ACTION: type("{body["seed"]}")'

    with serving(answer) as server:
        agent = LanguageAgent(setting(server.url, PRICES="2.0,10"))
        agent.reset([3, 1, 2], [brief(seed=seed) for seed in (30, 10, 20)])
        assert agent.act([{}, {}, {}], [1, 2, 3]) == ['type("10")', 'type("20")', 'type("30")']
        agent.act([{}], [2])
        agent.reset([1], [brief(seed=11)])
    assert agent.spent(1) == dict.fromkeys(agent.spent(1), 0.0)
    two = agent.spent(2)
    assert (two["requests"], two["tokens_in"], two["tokens_out"]) == (2.0, 200.0, 14.0)
    assert two["dollars"] == pytest.approx((200 * 2 + 14 * 10) / 1e6)


# -- an evaluation ------------------------------------------------------------------------------


def test_a_run_counts_tokens_and_keeps_the_key_to_itself(
    typed: Callable[..., Any], tmp_path: Path
) -> None:
    def answer(body: dict[str, Any]) -> str:
        text = body["messages"][1]["content"]
        return 'ACTION: open_app("Mail")' if "Step 1 " in text else "ACTION: wait()"

    with serving(answer) as server:
        environment = {
            "POLYATHLON_LLM_URL": server.url, "POLYATHLON_LLM_MODEL": "stub-1",
            "OPENAI_API_KEY": KEY, "POLYATHLON_LLM_PRICES": "1,2", "NO_PROXY": "*",
        }  # fmt: skip
        done = typed(
            *("eval", "androidcontrol.low,babyai.go-to-red-ball"),
            *("--agent", "llm", "--episodes", "2", "--slots", "2", "--video", "0"),
            *("--obs", "instruction", "--on-invalid", "no-op", "--out", tmp_path / "run"),
            environment=environment,
            code=2,
        )
        assert "declare no action that does nothing" in done.stderr
        done = typed(
            *("eval", "androidcontrol.low", "--agent", "llm"),
            *("--episodes", "4", "--slots", "2", "--video", "0", "--obs", "instruction,dom"),
            *("--out", tmp_path / "run"),
            environment=environment,
        )
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    spent = result["overall"]["spent"]
    steps = result["overall"]["steps"]
    assert len(server.requests) == spent["requests"] == steps
    assert spent["tokens_in"] == 100 * steps
    assert spent["dollars"] == pytest.approx((100 + 2 * 7) * steps / 1e6)
    assert "tokens_in" in done.stdout
    assert result["agent"]["settings"]["model"] == "stub-1"
    assert 0 < result["families"][0]["figures"]["type_accuracy"]["value"] < 1
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()
    assert KEY not in done.stdout + done.stderr


def test_an_endpoint_that_fails_ends_the_run_in_one_line(
    typed: Callable[..., Any], tmp_path: Path
) -> None:
    with serving(lambda _: Reply(401, {"error": {"message": f"no such key: {KEY}"}})) as server:
        done = typed(
            *("eval", "androidcontrol.high", "--agent", "llm"),
            *("--episodes", "1", "--video", "0", "--obs", "instruction"),
            *("--out", tmp_path / "run"),
            environment={
                "POLYATHLON_LLM_URL": server.url, "POLYATHLON_LLM_MODEL": "m",
                "OPENAI_API_KEY": KEY, "NO_PROXY": "*",
            },
            code=1,
        )  # fmt: skip
    assert "says HTTP 401: no such key: [key]" in done.stderr
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr
