"""Makes an hls4ml project of model.onnx, by the settings in hls4ml_config.yml.

pip install hls4ml==1.3.0 qonnx==1.0.0
python convert.py [FOLDER]      writes the project into FOLDER, ./project by default

To synthesise it, with the tools of the backend installed: convert(...).build()
"""

import sys
from pathlib import Path

import hls4ml
import yaml
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.channels_last import ConvertToChannelsLastAndClean
from qonnx.transformation.gemm_to_matmul import GemmToMatMul
from qonnx.util.cleanup import cleanup_model

HERE = Path(__file__).resolve().parent


def convert(folder):
    """The project, written into a folder; what it returns can be compiled for emulation, and built."""
    settings = yaml.safe_load((HERE / "hls4ml_config.yml").read_text())
    model = cleanup_model(ModelWrapper(str(HERE / "model.onnx")))
    model = model.transform(ConvertToChannelsLastAndClean()).transform(GemmToMatMul())
    model = cleanup_model(model)
    of_model = settings["HLSConfig"]["Model"]
    config = hls4ml.utils.config_from_onnx_model(
        model,
        granularity="name",
        backend=settings["Backend"],
        default_precision=of_model["Precision"],
        default_reuse_factor=of_model["ReuseFactor"],
    )
    config["Model"]["Strategy"] = of_model["Strategy"]
    return hls4ml.converters.convert_from_onnx_model(
        model,
        output_dir=str(folder),
        project_name=settings["ProjectName"],
        backend=settings["Backend"],
        part=settings["Part"],
        clock_period=settings["ClockPeriod"],
        io_type=settings["IOType"],
        hls_config=config,
    )


if __name__ == "__main__":
    convert(Path(sys.argv[1] if len(sys.argv) > 1 else "project"))
