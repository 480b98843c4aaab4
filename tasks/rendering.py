"""Pictures of MuJoCo worlds without a screen: which backend draws, how richly, and a probe.

Every MuJoCo family draws through :class:`Renderer`. A profile belongs to one renderer and never
changes the model it draws, so two environments of one process may use different profiles.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib
import os
import platform
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import glob
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import BadArgument, PolyathlonError
from ..core.stopwatch import RENDERING
from . import graphics_card

MEND = "Type: apt-get install -y libegl1 libgl1 libgl1-mesa-dri (or libosmesa6, if that fails)"
"""What to type on Debian and Ubuntu when nothing can draw."""

LIBRARIES: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        # libEGL.so.1 only dispatches: without a vendor's driver it can open nothing.
        "egl": (("libEGL.so.1",), ("libEGL_nvidia.so.0", "libEGL_mesa.so.0")),
        "osmesa": (("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"),),
    }
)
"""By backend, in order of preference: one library of each group must load."""

CONTEXTS: Mapping[str, str] = MappingProxyType(
    {name: f"mujoco.{name}" for name in ("egl", "osmesa", "glfw", "cgl")}
)
"""The module whose ``GLContext`` opens each backend."""

SPELLINGS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("glx", "wgl", "enable", "enabled", "on", "true", "1"), "glfw")
    | dict.fromkeys(("disable", "disabled", "off", "false", "0"), "")
)
"""Other words that MuJoCo accepts in ``MUJOCO_GL`` (mujoco/gl_context.py); empty forbids."""

LOADERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "egl": ("libEGL.so.1", "eglGetProcAddress"),
        "osmesa": ("libOSMesa.so.8", "OSMesaGetProcAddress"),
        "glfw": ("libGL.so.1", "glXGetProcAddress"),
    }
)
"""Library and function that find OpenGL's own functions, by backend."""

GL_RENDERER = 0x1F01
"""Name of the string that says which device draws (OpenGL specification, ``glGetString``)."""

SOFTWARE_NAMES = ("llvmpipe", "softpipe", "swrast")
"""What Mesa's devices are called that are programs."""

MAX_GEOMS = 10_000
"""Geometries a scene may hold; MuJoCo's own renderer has the same."""


class RenderingUnavailable(PolyathlonError):
    """No OpenGL library can draw here, or the one chosen by ``MUJOCO_GL`` cannot."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How richly a scene is drawn.

    Attributes:
        flags: rendering flags of ``mujoco.mjtRndFlag`` and what they are set to.
        quality: fields of the model's ``visual/quality`` that replace the model's own while
            the context is made.
        tight: whether the offscreen buffer has the size of the picture, or at least the
            model's own.
    """

    flags: Mapping[str, bool] = field(default_factory=dict)
    quality: Mapping[str, int] = field(default_factory=dict)
    tight: bool = False


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "fast": Profile(
            flags={"mjRND_SHADOW": False, "mjRND_REFLECTION": False},
            quality={"offsamples": 0, "shadowsize": 0},
            tight=True,
        ),
        "full": Profile(),
    }
)
"""``fast``: no shadows, reflections or multisampling. ``full``: as the model's author meant."""


def check_profile(name: str) -> str:
    """The name, when a profile has it.

    Raises:
        BadArgument: none has.
    """
    if name not in PROFILES:
        raise BadArgument(f"render_profile is {name!r}; choose one of: {', '.join(PROFILES)}")
    return name


def _loads(backend: str) -> bool:
    """Whether the libraries of a backend load; yes for those that this module does not know."""
    return all(any(map(_opens, group)) for group in LIBRARIES.get(backend, ()))


def _opens(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _asked() -> str:
    return os.environ.get("MUJOCO_GL", "").strip().lower()


def gpu_seen() -> bool:
    """Whether the system shows a graphics device, whatever drivers there are."""
    return bool(glob("/dev/nvidia[0-9]*") or glob("/dev/dri/renderD*"))


def select_backend() -> str:
    """The backend that draws in this process: ``egl``, ``osmesa``, ``glfw`` or ``cgl``.

    ``MUJOCO_GL`` decides where it is set. Elsewhere EGL comes first: it draws on the GPU where
    there is one and in software where there is none; OSMesa, software only, comes second. The
    choice is written to ``MUJOCO_GL``, so call this before ``mujoco`` is first imported.

    Raises:
        RenderingUnavailable: nothing can draw, or ``MUJOCO_GL`` forbids it or is misspelt.
    """
    # Mesa's software renderer would start a thread a core in every process, and processes forked
    # after a frame wait for ever for threads that the fork did not copy: draw in the caller's.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    asked = _asked()
    if asked:
        backend = SPELLINGS.get(asked, asked)
        if backend not in CONTEXTS:
            raise RenderingUnavailable(
                f"MUJOCO_GL is '{asked}', with which nothing can be drawn; "
                f"unset it, or set it to one of: {', '.join(CONTEXTS)}"
            )
        if not _loads(backend):
            raise RenderingUnavailable(
                f"MUJOCO_GL is '{asked}', whose libraries do not load here. Unset it. {MEND}"
            )
        return backend
    if platform.system() == "Darwin":
        return "cgl"
    # PyOpenGL, through which MuJoCo opens contexts, serves one platform a process.
    settled = os.environ.get("PYOPENGL_PLATFORM", "").lower()
    for backend in (settled,) if settled in LIBRARIES else LIBRARIES:
        if _loads(backend):
            os.environ["MUJOCO_GL"] = backend
            return backend
    raise RenderingUnavailable(f"no EGL or OSMesa library loads here. {MEND}")


def prepare() -> None:
    """Chooses a backend before MuJoCo is imported, for worlds that may never draw.

    Raises:
        RenderingUnavailable: ``MUJOCO_GL`` names a backend with which MuJoCo does not import.
    """
    try:
        select_backend()
    except RenderingUnavailable:
        if SPELLINGS.get(_asked(), _asked()):
            raise


def _open_context(backend: str, height: int, width: int) -> Any:
    if backend == "egl":
        graphics_card.take_card()
    try:
        context = importlib.import_module(CONTEXTS[backend]).GLContext(width, height)
        context.make_current()
    except (ImportError, OSError, AttributeError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RenderingUnavailable(
            f"the backend '{backend}' does not open: {reason}. {MEND}"
        ) from error
    return context


def _open_drawing(model: Any, backend: str) -> Any:
    import mujoco

    try:
        return mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100.value)
    except mujoco.FatalError as error:
        raise RenderingUnavailable(
            f"the backend '{backend}' does not draw: {error}. {MEND}"
        ) from error


def _device_name(backend: str) -> str:
    """The device that draws in the current context, as OpenGL calls it."""
    if backend not in LOADERS:
        return "unknown"
    library, loader = LOADERS[backend]
    try:
        find = getattr(ctypes.CDLL(library), loader)
    except (OSError, AttributeError):
        return "unknown"
    find.restype, find.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    address = find(b"glGetString")
    if not address:
        return "unknown"
    text = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(address)(GL_RENDERER)
    return text.decode(errors="replace") if text else "unknown"


def _card_info(backend: str, device: str) -> dict[str, str]:
    """Which card draws in the current context, or that none does though one is there.

    Raises:
        RenderingUnavailable: it is another than ``MUJOCO_EGL_DEVICE_ID`` says.
    """
    card = graphics_card.current_card() if backend == "egl" else None
    asked = os.environ.get(graphics_card.CHOICE, "")
    if card is not None and asked.isdecimal() and int(asked) != card.index:
        raise RenderingUnavailable(
            f"{graphics_card.CHOICE} is {asked}, and device {card.index} draws ({device}): "
            "something opened EGL before. Set it before anything draws, or unset it."
        )
    if card is not None and not card.software:
        return {"card": card.uuid or str(card.index)}
    by_program = card is not None or any(name in device for name in SOFTWARE_NAMES)
    return {"fallback": "software, beside a graphics card"} if by_program and gpu_seen() else {}


@contextlib.contextmanager
def _dressed(model: Any, profile: Profile, height: int, width: int) -> Iterator[None]:
    """Lends the model a profile's buffer settings while a context is made from it."""
    quality, whole = model.vis.quality, model.vis.global_
    least = (0, 0) if profile.tight else (whole.offheight, whole.offwidth)
    wanted = [(quality, name, value) for name, value in profile.quality.items()]
    wanted += [
        (whole, "offheight", max(height, least[0])),
        (whole, "offwidth", max(width, least[1])),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in wanted]
    try:
        for owner, name, value in wanted:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)


def _release(context: Any, drawing: Any) -> None:
    # MuJoCo frees names in whichever context is current: without this another model loses its own.
    context.make_current()
    drawing.free()
    context.free()


class Renderer:
    """Draws one model through a context of its own; several may live in one process.

    Args:
        model: a ``mujoco.MjModel``. It is left as it was.
        height: of the picture [px].
        width: of the picture [px].
        profile: a name in ``PROFILES``.
        camera: name or number of one of the model's cameras; -1 is MuJoCo's free camera.
        half_turn: turn the picture by 180 degrees, for cameras that hang upside down.

    Attributes:
        info: what draws: ``backend``, ``profile``, ``device``, and ``card`` (its UUID) where a
            graphics card does, or ``fallback`` where none does though one is there.

    Raises:
        RenderingUnavailable: no backend opens.
        BadArgument: no such profile or camera.
    """

    def __init__(
        self,
        model: Any,
        height: int,
        width: int,
        profile: str = "fast",
        camera: str | int = -1,
        half_turn: bool = False,
    ) -> None:
        settings = PROFILES[check_profile(profile)]
        backend = select_backend()
        import mujoco

        self._mujoco, self._model = mujoco, model
        self._camera = _find_camera(model, camera)
        self._turn = np.s_[:, ::-1] if half_turn else np.s_[::-1]
        self._context = _open_context(backend, height, width)
        with _dressed(model, settings, height, width):
            self._drawing = _open_drawing(model, backend)
        self._finalizer = weakref.finalize(self, _release, self._context, self._drawing)
        # The backends end OpenGL in an exit hook of their own; ours is registered later, hence
        # runs earlier. A finaliser's own hook may be older than theirs.
        self._finalizer.atexit = False
        _LIVE.add(self)
        atexit.unregister(_close_all)
        atexit.register(_close_all)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN.value, self._drawing)
        self._scene = mujoco.MjvScene(model, maxgeom=MAX_GEOMS)
        for flag, value in settings.flags.items():
            self._scene.flags[getattr(mujoco.mjtRndFlag, flag).value] = value
        self._drawing.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR.value
        self._options = mujoco.MjvOption()
        self._rectangle = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty((height, width, 3), np.uint8)
        self._depths = np.empty((height, width), np.float32)
        device = _device_name(backend)
        self.info = {"backend": backend, "profile": profile, "device": device}
        self.info.update(_card_info(backend, device))

    @RENDERING.counts
    def render(self, data: Any) -> NDArray[np.uint8]:
        """A fresh picture `[H, W, 3]` of a state of the model.

        Args:
            data: a ``mujoco.MjData`` of the model, after ``mj_forward``.

        Raises:
            RenderingUnavailable: the renderer is closed.
        """
        self._draw(data)
        self._mujoco.mjr_readPixels(self._pixels, None, self._rectangle, self._drawing)
        return self._pixels[self._turn].copy()  # OpenGL's rows begin at the bottom

    def render_depth(self, data: Any) -> NDArray[np.float32]:
        """How far what each pixel shows is along the camera's axis, fresh `[H, W]` [m].

        Up to the model's farthest plane (``visual/map``), where there is nothing.

        Args:
            data: as for ``render``.

        Raises:
            RenderingUnavailable: the renderer is closed.
        """
        return self.render_both(data)[1]

    @RENDERING.counts
    def render_both(self, data: Any) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """What ``render`` and ``render_depth`` give, drawn once.

        Args:
            data: as for ``render``.

        Raises:
            RenderingUnavailable: the renderer is closed.
        """
        self._draw(data)
        self._mujoco.mjr_readPixels(self._pixels, self._depths, self._rectangle, self._drawing)
        extent, planes = self._model.stat.extent, self._model.vis.map
        near, far = float(planes.znear) * extent, float(planes.zfar) * extent
        # The buffer holds 1 at the near plane, 0 at the far one, and is linear in 1 / distance.
        distances = near * far / (near + self._depths.astype(np.float64) * (far - near))
        flat = distances.astype(np.float32)[self._turn].copy()
        return self._pixels[self._turn].copy(), flat

    def _draw(self, data: Any) -> None:
        if not self._finalizer.alive:
            raise RenderingUnavailable("this renderer is closed; make another")
        mujoco = self._mujoco
        mujoco.mjv_updateScene(
            self._model,
            data,
            self._options,
            None,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL.value,
            self._scene,
        )
        self._context.make_current()  # another renderer may have drawn since
        mujoco.mjr_render(self._rectangle, self._scene, self._drawing)

    def close(self) -> None:
        """Frees the context; a second call does nothing."""
        self._finalizer()


_LIVE: weakref.WeakSet[Renderer] = weakref.WeakSet()


def _close_all() -> None:
    for renderer in list(_LIVE):
        renderer.close()


def _find_camera(model: Any, camera: str | int) -> Any:
    import mujoco

    found = mujoco.MjvCamera()
    if camera == -1:
        mujoco.mjv_defaultFreeCamera(model, found)
        return found
    names = [model.camera(number).name for number in range(model.ncam)]
    number = names.index(camera) if camera in names else camera
    if not isinstance(number, int) or not 0 <= number < model.ncam:
        raise BadArgument(f"the model has no camera {camera!r}; it has: {', '.join(names)}")
    found.type, found.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED.value, number
    return found
