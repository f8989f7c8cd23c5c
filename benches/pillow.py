"""The work of the bench `decode` in Pillow, as torchvision's transforms do it there.

    python pillow.py FOLDER [PROCESSES] [train|evaluation]

JPEG files below FOLDER/train to 224x224 RGB arrays: RandomResizedCrop(224), RandomHorizontalFlip and
ColorJitter(0.4, 0.4, 0.4) for training, Resize(256) and CenterCrop(224) for evaluation. Prints images a second, the
best of five passes over the folder, by as many processes as said, as a DataLoader's workers are.
"""

import math
import multiprocessing
import pathlib
import random
import sys
import time

import numpy
from PIL import Image, ImageEnhance

SIZE = 224
PASSES = 5


def random_area(width, height):
    """torchvision.transforms.RandomResizedCrop.get_params."""
    area = width * height
    for _ in range(10):
        target = area * random.uniform(0.08, 1.0)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < w <= width and 0 < h <= height:
            return random.randint(0, width - w), random.randint(0, height - h), w, h
    return 0, 0, width, height


def train(path):
    image = Image.open(path).convert("RGB")
    left, top, w, h = random_area(*image.size)
    image = image.crop((left, top, left + w, top + h)).resize((SIZE, SIZE), Image.BILINEAR)
    if random.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = change(image).enhance(random.uniform(0.6, 1.4))
    return numpy.asarray(image).shape


def evaluation(path):
    image = Image.open(path).convert("RGB")
    w, h = image.size
    scale = 256 / min(w, h)
    w, h = round(w * scale), round(h * scale)
    image = image.resize((w, h), Image.BILINEAR)
    left, top = (w - SIZE) // 2, (h - SIZE) // 2
    return numpy.asarray(image.crop((left, top, left + SIZE, top + SIZE))).shape


def main():
    folder = pathlib.Path(sys.argv[1])
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    work = {"train": train, "evaluation": evaluation}[sys.argv[3] if len(sys.argv) > 3 else "train"]
    files = sorted(str(path) for path in folder.glob("train/*/*"))
    best = math.inf
    with multiprocessing.Pool(processes) as pool:
        for _ in range(PASSES):
            began = time.perf_counter()
            pool.map(work, files, chunksize=8)
            best = min(best, time.perf_counter() - began)
    print(f"{work.__name__}, {processes} processes: {len(files) / best:.0f} images/s")


if __name__ == "__main__":
    main()
