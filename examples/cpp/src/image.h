// From a file's bytes to the network's input: the one rule of rkd_keras.
#pragma once

#include <opencv2/core.hpp>
#include <string>

// Decode to RGB, 8 bits, upright, 0 for black: rkd_keras.files.decoding.
cv::Mat decode_image(const std::string& data);

// Resize; the aspect ratio is not kept: rkd_keras.files.images.resize_image.
cv::Mat resize_image(const cv::Mat& image, int height, int width);

// Bring pixels of 8 or 16 bits, of which `white` is white, to RGB of 8 bits.
cv::Mat to_rgb(const cv::Mat& pixels, int white, bool is_bgr);
