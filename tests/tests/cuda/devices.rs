//! Devices by index, and devices that are too small or missing.

use radars_cuda::{Cuda, devices};
use radars_tensor::{Arena, Tensor, UnaryOp};
use radars_tests::simulator::Settings;

use crate::fixture::on_simulators;

#[test]
fn two_devices_compute_side_by_side() {
    on_simulators(&Settings::default(), || {
        let found = devices().unwrap();
        assert_eq!(
            found.iter().map(|device| device.index).collect::<Vec<_>>(),
            [0, 1]
        );
        let arenas =
            [0, 1].map(|index| Arena::with_bound(Cuda::open(index).unwrap(), 1 << 16).unwrap());
        let tensors = arenas
            .each_ref()
            .map(|arena| Tensor::from_slice(arena, [2], &[-1.0f32, 3.0]).unwrap());
        for x in &tensors {
            assert_eq!(
                x.unary(UnaryOp::Relu).unwrap().read::<f32>().unwrap(),
                [0.0, 3.0]
            );
        }
        let error = Cuda::open(2).err().unwrap().to_string();
        assert!(error.contains("the cards are cuda:0 to cuda:1"), "{error}");
    });
}

#[test]
fn cards_from_turing_on_compute() {
    for capability in [(7, 5), (8, 6), (9, 0)] {
        let settings = Settings {
            capability,
            ..Settings::default()
        };
        on_simulators(&settings, || {
            let arena = Arena::with_bound(Cuda::open(0).unwrap(), 1 << 16).unwrap();
            let x = Tensor::from_slice(&arena, [1], &[-1.0f32]).unwrap();
            assert_eq!(
                x.unary(UnaryOp::Relu).unwrap().read::<f32>().unwrap(),
                [0.0]
            );
        });
    }
}

#[test]
fn a_pascal_card_is_refused_with_its_capability() {
    let settings = Settings {
        capability: (6, 1),
        ..Settings::default()
    };
    on_simulators(&settings, || {
        let error = Cuda::open(0).err().unwrap().to_string();
        assert!(error.contains("compute capability 6.1"), "{error}");
    });
}

#[test]
fn an_arena_over_the_cards_memory_is_an_error_with_both_sizes() {
    let settings = Settings {
        capacity: 1 << 20,
        ..Settings::default()
    };
    on_simulators(&settings, || {
        let error = Arena::with_bound(Cuda::open(0).unwrap(), (1 << 20) + 256)
            .err()
            .unwrap();
        let text = error.to_string();
        assert!(
            text.contains("1048832") && text.contains("1048576"),
            "{text}"
        );
        assert!(Arena::with_bound(Cuda::open(0).unwrap(), 1 << 20).is_ok());
    });
}

#[test]
fn a_driver_without_a_card_is_an_error_that_helps() {
    let settings = Settings {
        devices: 0,
        ..Settings::default()
    };
    on_simulators(&settings, || {
        let error = Cuda::open(0).err().unwrap().to_string();
        assert!(error.contains("nvidia-smi"), "{error}");
    });
}
