"""Gradient descent as PyTorch has it: momentum, and the decay in the gradient."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class MomentumSGD(keras.optimizers.SGD):
    """Stochastic gradient descent with momentum and L2 regularisation.

    g = gradient + weight_decay * w,  v <- momentum * v + g,  w <- w - rate * v

    `keras.optimizers.SGD` takes its `weight_decay` past the momentum, straight
    from the weights: at a momentum of 0.9 that is a tenth of the decay. It also
    holds the learning rate within `v`, so that a falling rate reaches the weights
    late. This class does what `torch.optim.SGD` does, with which the paper's
    networks were trained. All weights decay, shifts and scales too, unless
    `exclude_from_weight_decay` says otherwise. Gradients are clipped before the
    decay is added.

    Args:
        learning_rate: number or schedule. Defaults to `0.01`.
        momentum: number in [0, 1]. Defaults to `0.9`.
        weight_decay: factor of the weights in the gradient, >= 0. Defaults to
            `0.0`.
        name: name of the optimizer. Defaults to `"momentum_sgd"`.
        **kwargs: further arguments of `keras.optimizers.Optimizer`, such as
            `clipnorm`.

    Raises:
        ValueError: for a momentum outside of [0, 1] or a negative decay.

    Reference:
        - Sutskever et al. 2013, On the importance of initialization and momentum
          in deep learning; the documentation of `torch.optim.SGD`.

    Example:
        Without a gradient a weight of 1 falls to 1 - 0.1 * 0.5, then by the
        momentum as well:

        >>> optimizer = MomentumSGD(0.1, momentum=0.9, weight_decay=0.5)
        >>> weight = keras.Variable(1.0)
        >>> for _ in range(2):
        ...     optimizer.apply([ops.zeros(())], [weight])
        ...     print(round(float(weight), 5))
        0.95
        0.8575
    """

    def __init__(
        self,
        learning_rate=0.01,
        momentum=0.9,
        weight_decay=0.0,
        name="momentum_sgd",
        **kwargs,
    ):
        if not weight_decay >= 0:
            raise ValueError(
                "`weight_decay` must not be negative. "
                f"Received: weight_decay={weight_decay}"
            )
        super().__init__(
            learning_rate,
            float(momentum),
            weight_decay=weight_decay,
            name=name,
            **kwargs,
        )

    def _apply_weight_decay(self, variables):
        """Do nothing in Keras's place: the decay is part of the gradient."""

    def update_step(self, gradient, variable, learning_rate):
        """Change one variable by its gradient; see the class."""
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        if self.weight_decay and self._use_weight_decay(variable):
            decay = ops.cast(self.weight_decay, variable.dtype)
            gradient = gradient + decay * variable
        if self.momentum:
            velocity = self.momentums[self._get_variable_index(variable)]
            momentum = ops.cast(self.momentum, variable.dtype)
            self.assign(velocity, velocity * momentum + gradient)
            gradient = velocity
        self.assign_sub(variable, rate * gradient)

    def get_config(self):
        """Return the constructor's arguments."""
        config = super().get_config()
        config.pop("nesterov")
        return config
