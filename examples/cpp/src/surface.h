// The unknown verdict: how far an image's surface lies from those of all classes.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

constexpr int kScales = 4;
constexpr int kStatistics = 2 + 4 * kScales;

// Gaussians over the statistics, a class each: rkd_keras.predict.UnknownDetector.
struct Surface {
  std::vector<double> means;             // (classes, 18)
  std::vector<double> whitening;         // (classes, 18, 18)
  std::vector<double> log_determinants;  // (classes,)
  double threshold = 0;

  bool is_there() const { return !log_determinants.empty(); }

  // Score an RGB image of the model's input size; above the threshold it is unknown.
  double score(const cv::Mat& rgb) const;
};
