// What runs the network: OpenVINO, and no other file knows it.
#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "model_file.h"

class Network {
 public:
  virtual ~Network() = default;

  // Probabilities of an RGB image of the model's input size, 8 bits.
  virtual std::vector<float> probabilities(const cv::Mat& rgb) = 0;
};

// Open the network; throws InputError where the runtime cannot.
std::unique_ptr<Network> open_network(const ModelFile& file, int threads);
