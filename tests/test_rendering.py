"""What draws, draws right: known pixels, several models at once, clean ends."""

import json
import os
import subprocess
import sys

import numpy as np
import psutil
import pytest

from polyathlon.core.errors import BadArgument
from polyathlon.tasks import rendering, rendering_probe

try:
    BACKEND = rendering.select_backend()
except rendering.RenderingUnavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)
mujoco = pytest.importorskip("mujoco")

# Textures live in a context: drawing through another's shows its paint.
LIT = """
<mujoco>
  <asset>
    <texture name="paint" type="cube" builtin="flat" rgb1="{colour}" width="16" height="16"/>
    <material name="paint" texture="paint"/>
  </asset>
  <worldbody>
    <light pos="1 0 3" dir="-0.3 0 -1" castshadow="true"/>
    <camera name="above" pos="0 0 4"/>
    <camera name="tilted" pos="0 -3 3" xyaxes="1 0 0 0 1 1"/>
    <geom type="plane" size="3 3 1" rgba="0.8 0.8 0.8 1"/>
    <geom type="box" size="0.3 0.3 0.3" pos="0 0 0.9" material="paint"/>
  </worldbody>
</mujoco>
"""


def scene(xml):
    model = mujoco.MjModel.from_xml_string(xml)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def lit(colour):
    return scene(LIT.format(colour=colour))


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MUJOCO_GL": BACKEND} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_known_pixels_in_a_throwaway_process():
    done = subprocess.run(
        [sys.executable, "-m", "polyathlon.tasks.rendering_probe", BACKEND],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    answer = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert answer["ok"]
    assert answer["pixel_error"] <= rendering_probe.TOLERANCE
    assert answer["device"] not in ("", "unknown")
    assert answer["frame_ms"] > 0
    assert done.stderr == ""


def test_a_backend_that_cannot_draw_is_reported_and_not_raised():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "polyathlon.tasks.rendering_probe", "glfw"],
        env={k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert not answer["ok"]
    assert "glfw" in answer["error"]


@pytest.mark.parametrize("spoilt", [np.flipud, np.fliplr, lambda seen: seen[..., ::-1]])
def test_a_spoilt_picture_fails_the_pixel_check(spoilt):
    model, data = scene(rendering_probe.SCENE)
    renderer = rendering.Renderer(model, 96, 128, camera="front")
    picture = renderer.render(data)
    renderer.close()
    assert rendering_probe.pixel_error(picture) <= rendering_probe.TOLERANCE
    assert rendering_probe.pixel_error(spoilt(picture)) > 100


def test_a_half_turn_is_a_rotation_and_not_a_mirror():
    model, data = scene(rendering_probe.SCENE)
    upright = rendering.Renderer(model, 64, 64, camera="front")
    turned = rendering.Renderer(model, 64, 64, camera="front", half_turn=True)
    assert np.array_equal(turned.render(data), np.rot90(upright.render(data), 2))
    upright.close()
    turned.close()


def test_depth_is_the_distance_along_the_cameras_axis():
    model, data = scene(rendering_probe.SCENE)
    renderer = rendering.Renderer(model, 64, 96, camera="front")
    depth = renderer.render_depth(data)
    picture, both = renderer.render_both(data)
    assert depth.shape == (64, 96)
    assert depth.dtype == np.float32
    assert np.array_equal(depth, both)
    assert np.array_equal(picture, renderer.render(data))
    assert not np.shares_memory(depth, both)
    # The camera hangs at z = 4 over a wall whose face is at -0.4 and a box whose face is at 0.1.
    assert depth[48, 24] == pytest.approx(4.4, abs=1e-3)
    assert depth[16, 32] == pytest.approx(3.9, abs=1e-3)
    assert depth[48, 64] == pytest.approx(3.5, abs=0.02)
    assert depth[2, 2] == pytest.approx(4.4, abs=1e-3)
    turned = rendering.Renderer(model, 64, 96, camera="front", half_turn=True)
    assert np.array_equal(turned.render_depth(data), depth[::-1, ::-1])
    renderer.close()
    with pytest.raises(rendering.RenderingUnavailable, match="closed"):
        renderer.render_depth(data)
    turned.close()


def test_two_models_alive_draw_each_its_own():
    red, red_data = lit("1 0 0")
    green, green_data = lit("0 1 0")
    first = rendering.Renderer(red, 64, 64, camera="above")
    alone = first.render(red_data)
    second = rendering.Renderer(green, 48, 80, camera="above")
    for _ in range(3):
        assert np.array_equal(first.render(red_data), alone)
        seen = second.render(green_data)
        assert seen.shape == (48, 80, 3)
        assert seen[24, 40, 1] > 100 > seen[24, 40, 0]
    assert alone[32, 32, 0] > 100 > alone[32, 32, 1]
    second.close()
    assert np.array_equal(first.render(red_data), alone)
    first.close()


def test_a_renderer_dropped_without_closing_harms_no_other():
    model, data = lit("1 0 0")
    kept = rendering.Renderer(model, 64, 64, camera="above")
    before = kept.render(data)
    other, other_data = lit("0 1 0")
    rendering.Renderer(other, 64, 64).render(other_data)  # collected at once
    assert np.array_equal(kept.render(data), before)
    kept.close()


def test_profiles_belong_to_renderers_and_leave_the_model_alone():
    model, data = lit("1 0 0")
    settings = [
        (model.vis.quality.offsamples, model.vis.quality.shadowsize),
        (model.vis.global_.offwidth, model.vis.global_.offheight),
    ]
    fast = rendering.Renderer(model, 64, 64, "fast", "tilted")
    plain = fast.render(data)
    full = rendering.Renderer(model, 64, 64, "full", "tilted")
    rich = full.render(data)
    assert np.array_equal(fast.render(data), plain)
    assert np.abs(plain.astype(int) - rich.astype(int)).max() > 40  # the box's shadow
    assert settings == [
        (model.vis.quality.offsamples, model.vis.quality.shadowsize),
        (model.vis.global_.offwidth, model.vis.global_.offheight),
    ]
    assert (fast.info["profile"], full.info["profile"]) == ("fast", "full")
    assert fast.info["backend"] == BACKEND
    fast.close()
    full.close()


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_pictures_may_be_larger_than_the_models_buffer(profile):
    model, data = lit("1 0 0")
    assert model.vis.global_.offwidth < 1000
    renderer = rendering.Renderer(model, 700, 1000, profile, "above")
    seen = renderer.render(data)
    renderer.close()
    assert seen[350, 500, 0] > 100
    assert seen[10, 10].min() > 0 or seen[350, 120].min() > 0  # drawn up to the sides


def test_pictures_are_fresh():
    model, data = lit("1 0 0")
    renderer = rendering.Renderer(model, 32, 32, camera="above")
    first, second = renderer.render(data), renderer.render(data)
    renderer.close()
    assert first.flags.owndata
    assert not np.shares_memory(first, second)
    assert first.dtype == np.uint8


def test_a_closed_renderer_says_so():
    model, data = lit("1 0 0")
    renderer = rendering.Renderer(model, 32, 32)
    renderer.close()
    renderer.close()
    with pytest.raises(rendering.RenderingUnavailable, match="closed"):
        renderer.render(data)


def test_unknown_cameras_and_profiles_name_the_known():
    model, _ = lit("1 0 0")
    with pytest.raises(BadArgument, match="above"):
        rendering.Renderer(model, 32, 32, camera="below")
    with pytest.raises(BadArgument, match="fast"):
        rendering.Renderer(model, 32, 32, profile="lavish")


def test_mujoco_gl_decides_where_it_is_set(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", " GLX ")
    assert rendering.select_backend() == "glfw"
    monkeypatch.setenv("MUJOCO_GL", "vulkan")
    with pytest.raises(rendering.RenderingUnavailable, match="vulkan"):
        rendering.prepare()
    monkeypatch.setenv("MUJOCO_GL", "off")
    rendering.prepare()
    with pytest.raises(rendering.RenderingUnavailable, match="unset"):
        rendering.select_backend()


def test_without_libraries_the_error_says_what_to_type(monkeypatch):
    monkeypatch.setattr(rendering, "LIBRARIES", {"egl": (("libnowhere.so.1",),)})
    monkeypatch.delenv("MUJOCO_GL")
    with pytest.raises(rendering.RenderingUnavailable, match="apt-get install -y libegl1"):
        rendering.select_backend()
    rendering.prepare()  # a world that never draws can still be made
    monkeypatch.setenv("MUJOCO_GL", "egl")
    with pytest.raises(rendering.RenderingUnavailable, match="do not load"):
        rendering.prepare()


def test_opening_and_closing_thirty_times_keeps_the_memory():
    model, data = lit("1 0 0")

    def cycle():
        renderer = rendering.Renderer(model, 128, 128)
        renderer.render(data)
        renderer.close()

    for _ in range(5):
        cycle()
    before = psutil.Process().memory_info().rss
    for _ in range(30):
        cycle()
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    assert grown < 20, f"{grown:.0f} MiB more"


OPEN_AND_LEAVE = """
from polyathlon.tasks import graphics_card, rendering, rendering_probe
rendering.select_backend()
import mujoco
model = mujoco.MjModel.from_xml_string(rendering_probe.SCENE)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
kept = rendering.Renderer(model, 32, 32, camera="front")
print(rendering_probe.pixel_error(kept.render(data)))
"""

IMPORTED_FIRST = "import mujoco, os; os.environ.pop('MUJOCO_GL', None)\n" + OPEN_AND_LEAVE

FORKED = (
    OPEN_AND_LEAVE
    + """
import os
child = os.fork()
if child == 0:
    own = rendering.Renderer(model, 32, 32, camera="front")
    wrong = rendering_probe.pixel_error(own.render(data))
    own.close()
    os._exit(wrong)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
)


def test_a_process_that_never_closes_still_ends_in_silence():
    done = run_python(OPEN_AND_LEAVE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_mujoco_may_have_been_imported_before():
    done = run_python(IMPORTED_FIRST, MUJOCO_GL="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_a_process_forked_after_a_frame_can_draw():
    done = run_python(FORKED, LP_NUM_THREADS="0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n0\n", "")


@pytest.mark.parametrize("task", ["langr.context", "metaworld.reach"])
def test_a_misspelt_backend_is_one_line(task):
    code = (
        "from polyathlon.core.errors import PolyathlonError\nfrom polyathlon.tasks import make\n"
        f"try:\n    make({task!r})\nexcept PolyathlonError as error:\n    print(error)"
    )
    done = run_python(code, MUJOCO_GL="nonsense")
    assert done.stdout.startswith("MUJOCO_GL is 'nonsense'"), done.stderr
    assert done.stdout.count("\n") == 1
