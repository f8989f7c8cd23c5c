//! The model file: what is written is read, and nothing else is.

use crate::fixture::{blocks, fashion, model};
use radars_export::{Error, Model, Network, Provenance, network};

#[test]
fn a_model_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for space in [fashion(), blocks()] {
        for seed in 0..4 {
            let mut model = model(&space, seed);
            model.provenance = Provenance {
                test_accuracy: Some(0.8125),
                command: Some("radars search".into()),
                ..model.provenance
            };
            model.write(&path).unwrap();
            assert_eq!(Model::read(&path).unwrap(), model);
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Every file that is cut short is refused, and so is one with any byte of its tensors' names, shapes or values made
/// another where that makes it none of this architecture's.
#[test]
fn what_is_not_a_model_is_refused() {
    let model = model(&blocks(), 3);
    let bytes = model.to_bytes().unwrap();
    for end in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        let error = Model::from_bytes(&bytes[..end]).unwrap_err();
        assert!(matches!(error, Error::NotAModel(_)), "{error}");
    }
    let foreign = safetensors_without_description();
    let error = Model::from_bytes(&foreign).unwrap_err().to_string();
    assert!(error.contains("nothing under `radars`"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.png");
    std::fs::write(&path, b"\x89PNG\r\n").unwrap();
    let error = Model::read(&path).unwrap_err();
    assert!(error.to_string().contains("picture.png"), "{error}");
    assert!(error.is_bad_input());
}

/// An empty header: eight bytes of its length, `{}`.
fn safetensors_without_description() -> Vec<u8> {
    [&2_u64.to_le_bytes()[..], b"{}"].concat()
}

#[test]
fn parameters_have_to_be_those_of_the_architecture() {
    let whole = model(&fashion(), 1);
    let refusal = |change: &dyn Fn(&mut Model)| {
        let mut model = whole.clone();
        change(&mut model);
        model.to_bytes().unwrap_err().to_string()
    };
    let missing = refusal(&|m| m.parameters.retain(|p| p.name != "layer1.norm.beta"));
    assert_eq!(missing, "the parameter `layer1.norm.beta` is missing");
    let renamed = refusal(&|m| {
        let mut extra = m.parameters[0].clone();
        extra.name = "layer9.conv.weight".into();
        m.parameters.push(extra);
    });
    assert!(
        renamed.contains("`layer9.conv.weight` is none"),
        "{renamed}"
    );
    let twice = refusal(&|m| m.parameters.push(m.parameters[0].clone()));
    assert!(twice.contains("is there twice"), "{twice}");
    let of = |m: &mut Model, name: &str| {
        let found = m.parameters.iter().position(|p| p.name == name);
        found.unwrap()
    };
    let nan = refusal(&|m| {
        let at = of(m, "classifier.bias");
        m.parameters[at].values[2] = f32::NAN;
    });
    assert_eq!(nan, "the parameter `classifier.bias` holds NaN");
    let negative = refusal(&|m| {
        let at = of(m, "layer0.norm.variance");
        m.parameters[at].values[0] = -1.0;
    });
    assert!(
        negative.contains("a variance is not negative"),
        "{negative}"
    );
    let shape = refusal(&|m| {
        let at = of(m, "classifier.bias");
        m.parameters[at].shape = vec![2, 5];
    });
    assert!(shape.contains("has the shape [2, 5], not [10]"), "{shape}");
    let names = refusal(&|m| m.class_names.truncate(3));
    assert!(names.contains("3 names for 10 classes"), "{names}");
}

/// The formats of the layers: signed where what comes in can be negative.
#[test]
fn quantisers_have_a_sign_where_their_input_has() {
    let network: Network = model(&blocks(), 2).network().unwrap();
    let signed: Vec<bool> = network
        .layers
        .iter()
        .map(|layer| layer.path[0].input_format.unwrap().signed)
        .collect();
    // The image; after a convolution with a ReLU; after two inverted residuals, which end without; after a residual.
    assert_eq!(signed, [true, false, true, true, false]);
    let inner = network.layers[1].path.last().unwrap();
    assert!(!inner.input_format.unwrap().signed);
    assert!(matches!(
        network.layers[1].shortcut,
        network::Shortcut::Identity
    ));
    let network::Shortcut::Projection(projection) = &network.layers[4].shortcut else {
        panic!("{:?}", network.layers[4].shortcut);
    };
    assert_eq!(
        projection.input_format,
        network.layers[4].path[0].input_format
    );
}
