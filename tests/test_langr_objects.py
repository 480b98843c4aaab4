"""The 81 objects of Language Rearrangement: whole, of the right size, cheap, told apart."""

import itertools

import numpy as np
import pytest

from polyathlon.core.errors import BadArgument
from polyathlon.tasks.langr.assets import ASSETS
from polyathlon.tasks.langr.drawing import object_mesh, object_palette
from polyathlon.tasks.langr.drawing.objects import BUILDERS, add_object, object_meshes
from polyathlon.tasks.rendering import Renderer, RenderingUnavailable, prepare, select_backend

try:
    select_backend()
    DRAWS = True
except RenderingUnavailable:
    DRAWS = False
prepare()
mujoco = pytest.importorskip("mujoco")
drawing = pytest.mark.skipif(not DRAWS, reason="no OpenGL library loads here")

GEOMS, TRIANGLES = 12, 600


def specification(*assets):
    """A spec with one body an asset, all of them at the origin."""
    spec = mujoco.MjSpec()
    for asset in assets:
        add_object(spec, spec.worldbody.add_body(), asset)
    return spec


def corners(model):
    """Every vertex that MuJoCo draws, in the frame of the only body `[N, 3]` [m]."""
    found = []
    for geom in range(model.ngeom):
        mesh = model.geom_dataid[geom]
        start, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
        vertices = model.mesh_vert[start : start + count].astype(float)
        found.append(vertices @ turn.reshape(3, 3).T + model.geom_pos[geom])
    return np.concatenate(found)


def mean_colour(asset):
    """Mean colour of an asset's surface, weighted by area, of 255."""
    picture = object_palette.texels()
    total, weight = np.zeros(3), 0.0
    for mesh in object_meshes(asset):
        triangles = mesh.points.reshape(-1, 3, 3)
        area = np.linalg.norm(
            np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1
        )
        total += area @ texel(picture, mesh.colours)
        weight += area.sum()
    return total / weight


def texel(picture, colours):
    """What the texture holds where faces of these colours look `[M, 3]`."""
    places = (object_palette.coordinates(tuple(colours))[::3] * object_palette.SIDE).astype(int)
    return picture[places[:, 1], places[:, 0]].astype(float)


# --- each of them ---------------------------------------------------------------------------


def test_every_asset_has_a_builder_and_no_builder_lacks_one():
    assert set(BUILDERS) == set(ASSETS)


@pytest.mark.parametrize("name", ASSETS)
def test_asset_compiles_to_few_geoms_that_nothing_touches(name):
    model = specification(name).compile()
    assert 1 <= model.ngeom <= GEOMS
    assert not model.geom_contype.any()
    assert not model.geom_conaffinity.any()
    assert model.njnt == 0
    assert model.mesh_facenum.max() <= TRIANGLES
    assert model.body_mass.sum() < 0.1


@pytest.mark.parametrize("name", ASSETS)
def test_asset_stands_at_its_rest_and_fills_its_footprint(name):
    asset = ASSETS[name]
    points = corners(specification(name).compile())
    assert abs(points[:, 2].min() + asset.rest) < 0.003
    for axis, stated in enumerate(asset.footprint):
        assert abs(np.ptp(points[:, axis]) - stated) <= max(0.2 * stated, 0.015)
    # Around the middle, so that it neither hangs over an edge nor sinks into its neighbour.
    assert np.abs(points[:, :2].min(axis=0) + points[:, :2].max(axis=0)).max() < 0.002


@pytest.mark.parametrize("name", ASSETS)
def test_faces_look_outwards(name):
    volume = 0.0
    for mesh in object_meshes(name):
        a, b, c = mesh.points.reshape(-1, 3, 3).transpose(1, 0, 2)
        volume += (np.cross(a, b) * c).sum() / 6
        across = np.cross(b - a, c - a)
        lit = (mesh.normals.reshape(-1, 3, 3) * across[:, None]).sum(axis=2)
        assert (lit > 0).all(), "a corner is lit from behind its face"
        assert np.allclose(np.linalg.norm(mesh.normals, axis=1), 1)
    assert volume > 0


# --- all of them ----------------------------------------------------------------------------


def test_second_instances_share_meshes_materials_and_the_texture():
    once, twice = (specification(*ASSETS, *more).compile() for more in ((), ASSETS))
    assert twice.nmesh == once.nmesh
    assert twice.nmat == once.nmat <= len(object_palette.FINISHES)
    assert twice.ntex == once.ntex == 1
    assert twice.ngeom == 2 * once.ngeom


def test_no_two_categories_look_alike():
    seen = {
        name: (mean_colour(name), np.ptp(corners(specification(name).compile()), axis=0))
        for name in ASSETS
    }
    alike = [
        (one, other)
        for one, other in itertools.combinations(ASSETS, 2)
        if ASSETS[one].category != ASSETS[other].category
        and np.abs(seen[one][0] - seen[other][0]).max() < 24
        and np.abs(seen[one][1] - seen[other][1]).max() < 0.006
    ]
    assert not alike


def test_assets_of_one_category_that_have_one_size_differ_in_colour():
    for one, other in itertools.combinations(ASSETS.values(), 2):
        if one.category == other.category and np.allclose(one.footprint, other.footprint, 0.1):
            same_height = abs(one.rest - other.rest) < 0.004
            difference = np.abs(mean_colour(one.name) - mean_colour(other.name)).max()
            assert difference > 20 or not same_height, (one.name, other.name)


def test_unknown_asset_is_a_clear_error():
    with pytest.raises(BadArgument, match=r"'013_aple'.*Did you mean '013_apple'"):
        specification("013_aple")


# --- what they are made of ------------------------------------------------------------------


def test_each_colour_and_tone_has_a_texel_of_its_own():
    names = [tone + name for name in object_palette.COLOURS for tone in ("", "dark ", "light ")]
    places = object_palette.coordinates(tuple(names))[::3]
    assert len({tuple(place) for place in places}) == len(names)
    assert ((places > 0) & (places < 1)).all()
    plain = texel(object_palette.texels(), object_palette.COLOURS)
    assert (plain == np.array(list(object_palette.COLOURS.values()))).all()


def test_box_keeps_its_edges_and_ball_has_none():
    box = object_mesh.box(0.2, 0.1, 0.3)
    assert np.allclose(np.abs(object_mesh.corner_normals(box)).max(axis=2), 1)
    ball = object_mesh.ellipsoid(0.1, 0.1, 0.1)
    radial = ball.points[ball.faces] / 0.1
    assert (radial * object_mesh.corner_normals(ball)).sum(axis=2).min() > 0.99


@pytest.mark.parametrize(
    "outline",
    [
        object_mesh.rounded_rectangle(0.2, 0.1, 0.03),
        [(0, 0), (4, 0), (4, 3), (3, 3), (3, 1), (1, 1), (1, 3), (0, 3)],
        object_mesh.ribbon(object_mesh.arc(1.0, 0, 300, 20), 0.3),
    ],
    ids=["rounded", "u", "ring"],
)
def test_triangles_fill_an_outline_exactly(outline):
    corners = np.asarray(outline, float)
    triangles = corners[np.array(object_mesh.triangulate(corners))]
    side, other = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    areas = (side[:, 0] * other[:, 1] - side[:, 1] * other[:, 0]) / 2
    x, y = corners.T
    whole = (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2
    assert len(triangles) == len(corners) - 2
    assert (areas > -1e-12).all()
    assert areas.sum() == pytest.approx(whole)


@pytest.mark.parametrize("turns", ["x", "y", "z"])
def test_turning_is_by_the_right_hand_and_mirroring_keeps_faces_out(turns):
    ahead = {"x": (0, 1, 0), "y": (0, 0, 1), "z": (1, 0, 0)}[turns]
    left = {"x": (0, 0, 1), "y": (1, 0, 0), "z": (0, 1, 0)}[turns]
    patch = object_mesh.box(1, 1, 1).moved(*(5 * np.array(ahead)))
    middle = patch.turned(turns, np.pi / 2).points.mean(axis=0)
    assert np.allclose(middle, 5 * np.array(left))
    mirrored = object_mesh.box(1, 1, 1).scaled(y=-1)
    outwards = (mirrored.centres[:, None] * object_mesh.corner_normals(mirrored)).sum(axis=2)
    assert (outwards > 0).all()


def test_colours_must_match_faces():
    with pytest.raises(ValueError, match="2 colours for 12 faces"):
        object_mesh.Shape().add(object_mesh.box(1, 1, 1), ["red", "blue"])


# --- as seen --------------------------------------------------------------------------------


@pytest.fixture
def look():
    """Pictures of one asset on a grey table, from straight above or from the side."""
    renderers = []

    def looking(name, camera):
        spec = specification(name)
        spec.visual.headlight.ambient = [0.6] * 3
        spec.visual.headlight.diffuse = [0.4] * 3
        spec.visual.headlight.specular = [0.0] * 3
        reach = max(*ASSETS[name].footprint, 2 * ASSETS[name].rest)
        spec.worldbody.add_camera(name="above", pos=[0, 0, 3 * reach], fovy=30)
        sideways = [np.sqrt(0.5), np.sqrt(0.5), 0, 0]
        spec.worldbody.add_camera(name="side", pos=[0, -3 * reach, 0], quat=sideways, fovy=30)
        model = spec.compile()
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        renderers.append(Renderer(model, 64, 64, camera=camera))
        return renderers[-1].render(data).astype(float)

    yield looking
    for renderer in renderers:
        renderer.close()


def patch_colour(picture):
    """The median of the middle of a picture."""
    return np.median(picture[28:36, 28:36].reshape(-1, 3), axis=0)


@drawing
@pytest.mark.parametrize(
    ("name", "camera", "brightest", "darkest"),
    [
        ("017_orange", "side", 0, 2),
        ("056_tennis_ball", "side", 1, 2),
        ("057_racquetball", "side", 2, 0),
        ("065-e_cups", "side", 1, 0),
        ("065-e_cups", "above", 1, 0),
        ("025_mug", "side", 0, 1),
        ("frl_apartment_bowl_01", "above", 2, 0),
        ("029_plate", "above", 0, 1),
    ],
)
def test_colour_is_seen_from_outside_and_inside(look, name, camera, brightest, darkest):
    seen = patch_colour(look(name, camera))
    assert seen.argmax() == brightest
    assert seen.argmin() == darkest
    assert seen.max() > 60
    assert seen.max() - seen.min() > 60


@drawing
def test_inside_of_a_mug_is_not_its_outside(look):
    inside, outside = (patch_colour(look("025_mug", camera)) for camera in ("above", "side"))
    assert np.ptp(inside) < 90, "ivory"
    assert np.ptp(outside) > 100, "red"


@drawing
def test_puzzle_cube_shows_many_colours(look):
    picture = look("077_rubiks_cube", "above")[12:52, 12:52].reshape(-1, 3)
    vivid = picture[picture.max(axis=1) > 100]
    hues = {tuple(np.round(colour / 64).astype(int)) for colour in vivid}
    assert len(hues) >= 5


@drawing
def test_light_falls_on_round_things_smoothly(look):
    row = look("057_racquetball", "side")[32, 14:50, 2]
    assert np.abs(np.diff(row)).max() < 25
    assert row[18] > row[0] + 5
