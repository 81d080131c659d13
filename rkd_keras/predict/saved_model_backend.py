"""Run SavedModels with TensorFlow."""

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.models.load import import_tensorflow

# A SavedModel is a program that TensorFlow runs as it stands. These of its
# operations reach out of the graph, into Python, files or other processes; an
# image classifier has no use for them. (Saving and restoring the variables is
# part of every SavedModel.)
FORBIDDEN = frozenset(
    {
        "EagerPyFunc",
        "PyFunc",
        "PyFuncStateless",
        "ReadFile",
        "WriteFile",
        "WholeFileReader",
        "WholeFileReaderV2",
        "MatchingFiles",
        "PrintV2",
        "LoadAndRemapMatrix",
        "RpcCall",
        "RpcClient",
        "RpcServer",
        "RemoteCall",
        "InitializeTableFromTextFile",
        "InitializeTableFromTextFileV2",
        "TextLineDataset",
        "TFRecordDataset",
        "TFRecordDatasetV2",
        "FixedLengthRecordDataset",
        "FixedLengthRecordDatasetV2",
        "DataServiceDataset",
        "Save",
        "SaveSlices",
    }
)


class SavedModelBackend:
    """A SavedModel's `serving_default` signature under TensorFlow.

    Args:
        path: the SavedModel's folder.
        threads: CPU threads, see `rkd_keras.predict.load`. Defaults to `1`.
    """

    def __init__(self, path, threads=1):
        """See the class."""
        tf = import_tensorflow(threads)
        _refuse_forbidden(path)
        try:
            self._model = tf.saved_model.load(str(path))
            self._signature = self._model.signatures["serving_default"]
            (self._input,) = self._signature.structured_input_signature[1]
        except Exception as error:  # TensorFlow raises many kinds here
            raise InputError(
                "TensorFlow cannot open the SavedModel; export it again"
            ) from error
        if not {"probabilities", "embedding"} <= set(
            self._signature.structured_outputs
        ):
            raise InputError(
                "the SavedModel must give probabilities and embedding; export it again"
            )
        self._constant = tf.constant

    def predict_batch(self, images):
        """See `Predictor.predict_batch`."""
        feed = {self._input: self._constant(images.astype(np.float32))}
        outputs = self._signature(**feed)
        return outputs["probabilities"].numpy(), outputs["embedding"].numpy()


def _refuse_forbidden(path):
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    graph = SavedModel()
    try:
        graph.ParseFromString((path / "saved_model.pb").read_bytes())
    except DecodeError as error:
        raise InputError(f"{path} is damaged or incomplete; copy it again") from error
    found = set()
    for meta_graph in graph.meta_graphs:
        found.update(node.op for node in meta_graph.graph_def.node)
        for function in meta_graph.graph_def.library.function:
            found.update(node.op for node in function.node_def)
    if bad := sorted(found & FORBIDDEN):
        raise InputError(
            f"the SavedModel reaches out of its graph ({', '.join(bad)}), so it is "
            "not loaded; export the model with `rkd-keras export`"
        )
