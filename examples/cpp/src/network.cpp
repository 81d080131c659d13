#include "network.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <openvino/openvino.hpp>
#include <unistd.h>

#include "errors.h"

namespace {

// OpenVINO reads TFLite from files alone, and of ours only without the card.
std::shared_ptr<ov::Model> read_network(ov::Core& core, const ModelFile& file) {
  if (file.kind == "onnx") return core.read_model(file.network, ov::Tensor());
  char name[] = "/tmp/rkd_classify_XXXXXX.tflite";
  const int descriptor = mkstemps(name, 7);
  if (descriptor < 0) throw InputError("/tmp cannot be written, where the model goes");
  close(descriptor);
  std::ofstream(name, std::ios::binary) << file.network;
  try {
    auto model = core.read_model(name);
    std::remove(name);
    return model;
  } catch (...) {
    std::remove(name);
    throw;
  }
}

class OpenVINONetwork : public Network {
 public:
  OpenVINONetwork(const ModelFile& file, int threads) {
    ov::Core core;
    auto model = core.compile_model(
        read_network(core, file), "CPU",
        ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
        ov::inference_num_threads(threads),
        // Not bfloat16, by which it would decide otherwise than other runtimes.
        ov::hint::inference_precision(ov::element::f32));
    type_ = model.input().get_element_type();
    request_ = model.create_infer_request();
  }

  std::vector<float> probabilities(const cv::Mat& rgb) override {
    const ov::Shape shape{1, size_t(rgb.rows), size_t(rgb.cols), 3};
    cv::Mat pixels;
    rgb.convertTo(pixels, type_ == ov::element::u8 ? CV_8U : CV_32F);
    request_.set_input_tensor(ov::Tensor(type_, shape, pixels.data));
    request_.infer();
    const ov::Tensor found = request_.get_output_tensor(0);
    return std::vector<float>(found.data<float>(),
                              found.data<float>() + found.get_size());
  }

 private:
  ov::element::Type type_;
  ov::InferRequest request_;
};

}  // namespace

std::unique_ptr<Network> open_network(const ModelFile& file, int threads) {
  try {
    return std::make_unique<OpenVINONetwork>(file, threads);
  } catch (const ov::Exception& error) {
    throw InputError(std::string("OpenVINO cannot open the model: ") + error.what());
  }
}
