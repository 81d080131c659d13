#include "surface.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

namespace {

// rkd_keras.predict.surface_statistics, with the same calls of OpenCV.
std::array<double, kStatistics> statistics(const cv::Mat& rgb) {
  cv::Mat grey;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  grey.convertTo(grey, CV_32F);
  cv::Scalar mean, deviation;
  cv::meanStdDev(grey, mean, deviation);
  std::array<double, kStatistics> found{};
  size_t at = 0;
  found[at++] = mean[0] / 32;
  found[at++] = std::log(deviation[0] + 0.5);
  for (int scale = 0; scale < kScales; ++scale) {
    if (scale) {
      const cv::Size half(grey.cols / 2, grey.rows / 2);
      cv::Mat smaller;
      cv::resize(grey(cv::Rect(0, 0, 2 * half.width, 2 * half.height)), smaller, half,
                 0, 0, cv::INTER_AREA);
      grey = smaller;
    }
    const int rows = grey.rows, columns = grey.cols;
    const std::array<std::array<cv::Mat, 2>, 2> pairs = {
        {{grey.rowRange(1, rows), grey.rowRange(0, rows - 1)},
         {grey.colRange(1, columns), grey.colRange(0, columns - 1)}}};
    for (const auto& [first, second] : pairs) {
      const double size = static_cast<double>(first.total());
      const double step = cv::norm(first, second, cv::NORM_L1) / size + 0.1;
      const double square = cv::norm(first, second, cv::NORM_L2SQR) / size;
      found[at++] = std::log(step);
      found[at++] = std::log((std::sqrt(square) + 0.1) / step);
    }
  }
  return found;
}

}  // namespace

double Surface::score(const cv::Mat& rgb) const {
  const auto found = statistics(rgb);
  double least = std::numeric_limits<double>::infinity();
  for (size_t c = 0; c < log_determinants.size(); ++c) {
    double sum = log_determinants[c];
    for (int f = 0; f < kStatistics; ++f) {
      double white = 0;
      for (int g = 0; g < kStatistics; ++g) {
        white += whitening[(c * kStatistics + f) * kStatistics + g] *
                 (found[g] - means[c * kStatistics + g]);
      }
      sum += white * white;
    }
    least = std::min(least, sum);
  }
  return least;
}
