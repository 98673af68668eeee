"""Makes pictures.json: what Pillow does to small pictures, for tests/recipe/. Run with: pip install pillow==13.0.0 numpy; python tests/golden/pictures.py"""
import base64, io, json, os
import numpy as np
import PIL
from PIL import Image, ImageCms

rng = np.random.default_rng(7)


def pack(data: bytes) -> str:
    return base64.b64encode(data).decode()


def picture(width, height, channels):
    """Smooth waves with noise and a hard edge: every kind of neighbourhood that rounding can meet."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    values = 127 + 90 * np.sin(x / 3 + c) + 60 * np.cos(y / 4 - c) + rng.integers(-40, 40, x.shape) + 100 * (x > width // 2)
    return np.clip(values, 0, 255).astype(np.uint8)


def as_image(pixels):
    return Image.fromarray(pixels[..., 0], "L") if pixels.shape[2] == 1 else Image.fromarray(pixels, "RGB")


def resize_cases():
    sizes = [((37, 29, 3), (16, 16)), ((37, 29, 3), (37, 11)), ((37, 29, 3), (9, 29)), ((20, 14, 3), (33, 41)), ((23, 31, 1), (7, 8)), ((50, 3, 1), (3, 3)), ((5, 5, 3), (1, 1)), ((1, 1, 3), (4, 3))]
    for (width, height, channels), (to_width, to_height) in sizes:
        source = picture(width, height, channels)
        result = np.asarray(as_image(source).resize((to_width, to_height), Image.Resampling.BILINEAR))
        yield {"width": width, "height": height, "channels": channels, "data": pack(source.tobytes()), "toWidth": to_width, "toHeight": to_height, "result": pack(result.tobytes())}


def gray_case():
    source = picture(16, 16, 3)
    return {"width": 16, "height": 16, "data": pack(source.tobytes()), "result": pack(np.asarray(as_image(source).convert("L")).tobytes())}


def file_cases():
    color, gray = as_image(picture(19, 13, 3)), as_image(picture(17, 11, 1))
    turned = Image.Exif()
    turned[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    options = {
        "420.jpg": (color, {"quality": 80, "subsampling": 2}), "444.jpg": (color, {"quality": 95, "subsampling": 0}), "progressive.jpg": (color, {"quality": 60, "progressive": True}),
        "gray.jpg": (gray, {"quality": 85}), "turned.jpg": (color, {"quality": 80, "exif": turned}), "profile.png": (color, {"icc_profile": profile}), "plain.png": (color, {}), "gray.png": (gray, {}),
        "palette.png": (color.quantize(32), {}),
    }
    for name, (image, how) in options.items():
        file = io.BytesIO()
        image.save(file, {"jpg": "JPEG", "png": "PNG"}[name.split(".")[1]], **how)
        decoded = Image.open(io.BytesIO(file.getvalue())).convert("RGB")
        pixels = np.asarray(decoded)
        yield {"name": name, "file": pack(file.getvalue()), "width": decoded.width, "height": decoded.height, "pixels": pack(pixels.tobytes())}


with open(os.path.join(os.path.dirname(__file__), "pictures.json"), "w") as out:
    json.dump({"madeWith": f"Pillow {PIL.__version__}", "resize": list(resize_cases()), "gray": gray_case(), "files": list(file_cases())}, out, indent=1)
    out.write("\n")
