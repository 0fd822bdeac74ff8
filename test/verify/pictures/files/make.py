"""Pictures, and what Pillow, torchvision and torch make of them. `python3 make.py`; the versions are in README.md."""
import io
import math
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter
from torchvision import transforms

W, H = 61, 44
scene = Image.new("RGB", (4 * W, 4 * H))
for y in range(4 * H):
    for x in range(4 * W):
        sky = (90 + y // 3, 140 + y // 4, 235 - y // 8)
        hill = (60 + x // 8, 150 - y // 3, 40)
        scene.putpixel((x, y), hill if y > 100 + 30 * math.sin(x / 40) else sky)
draw = ImageDraw.Draw(scene)
draw.ellipse((150, 15, 200, 65), fill=(250, 220, 80))
draw.polygon([(30, 140), (60, 70), (95, 145)], fill=(160, 30, 30), outline=(250, 250, 250))
draw.rectangle((110, 110, 140, 160), fill=(30, 30, 160))
scene = scene.filter(ImageFilter.GaussianBlur(1)).resize((W, H), Image.LANCZOS)

files = {
    "colour.png": (scene, {}),
    "alpha.png": (scene.convert("RGBA"), {}),
    "gray.png": (scene.convert("L"), {}),
    "palette.png": (scene.quantize(13), {"bits": 4}),
    "bits1.png": (scene.convert("1"), {}),
    "colour.jpg": (scene, {"quality": 95, "subsampling": 0}),
    "halved.jpg": (scene, {"quality": 90, "subsampling": 2, "progressive": True}),
    "odd.jpg": (scene.crop((0, 0, 37, 29)), {"quality": 60}),
    "halved-width.jpg": (scene, {"quality": 75, "subsampling": 1}),
    "gray.jpg": (scene.convert("L"), {"quality": 95}),
    "cmyk.jpg": (scene.convert("CMYK"), {}),
    "deep.png": (Image.fromarray(np.asarray(scene.convert("L")).astype(np.uint16) * 257), {}),
}
exif = Image.Exif()
exif[0x0112] = 6
files["turned.jpg"] = (scene, {"exif": exif.tobytes()})
pixels = {}
for name, (image, options) in files.items():
    image.save(name, **options)
    if name in ("cmyk.jpg", "deep.png", "turned.jpg"):
        continue
    again = Image.open(name)
    gray = again.mode in ("L", "1")
    pixels[name] = np.asarray(again.convert("L" if gray else "RGB"))
np.savez_compressed("pixels.npz", **pixels)

sizes = [(20, 30), (44, 61), (90, 61), (44, 20), (7, 5), (100, 133), (1, 1)]
opened = Image.open("colour.png").convert("RGB")
resized = {f"{h}x{w}": np.asarray(transforms.Resize((h, w))(opened)) for h, w in sizes}
resized["gray"] = np.asarray(opened.convert("L"))
resized["gray 20x30"] = np.asarray(transforms.Resize((20, 30))(opened.convert("L")))
np.savez_compressed("resized.npz", **resized)

mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
x = transforms.Compose([transforms.Resize((24, 32)), transforms.ToTensor(), transforms.Normalize(mean, std)])(opened)
np.save("normalized.npy", x.unsqueeze(0).numpy())

torch.manual_seed(0)
net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 6, 3, stride=2, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(6, 4, 3), torch.nn.Sigmoid()
).eval()
with torch.no_grad():
    np.save("y.npy", net(x.unsqueeze(0)).numpy())
buffer = io.BytesIO()
torch.onnx.export(net, x.unsqueeze(0), buffer, input_names=["x"], output_names=["y"], opset_version=13)
open("model.onnx", "wb").write(buffer.getvalue())
