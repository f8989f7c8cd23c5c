//! The cells of the paper's Tables II, IV and V, as they are printed there.
//!
//! # Source
//! Yan, Jiang, Hu, Shi, "RADARS: Memory Efficient Reinforcement Learning Aided Differentiable Neural
//! Architecture Search", IJCNN 2022, arXiv:2109.05691, section IV.

/// What a method came to in one of the paper's comparisons, Table II or IV.
#[derive(Clone, Copy, Debug)]
pub struct Searched {
    /// The name of its counterpart here.
    pub method: &'static str,
    /// Its name there.
    pub model: &'static str,
    /// Top-1 accuracy, percent.
    pub top1: &'static str,
    /// Top-5 accuracy, percent; none in Table II.
    pub top5: Option<&'static str>,
    /// AOPS of the network that was found, 1e9.
    pub aops: &'static str,
    /// The search, in hours.
    pub hours: &'static str,
    /// Memory, 1e9 bytes.
    pub gigabytes: &'static str,
}

/// A network on ImageNet, Table V.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Where it comes from.
    pub kind: &'static str,
    /// Its name.
    pub model: &'static str,
    /// Top-1 accuracy, percent.
    pub top1: &'static str,
    /// Top-5 accuracy, percent.
    pub top5: &'static str,
    /// AOPS, 1e9: multiply-accumulates, since none of them is quantised.
    pub aops: &'static str,
}

/// Table II: CIFAR-10. The cells of DNAS are a slip, see [`SLIPS_2`].
pub const TABLE_2: [Searched; 4] = [
    Searched {
        method: "quantnas",
        model: "QuantNAS",
        top1: "84.92",
        top5: None,
        aops: "4.09",
        hours: "22.9",
        gigabytes: "1.430",
    },
    Searched {
        method: "one-shot",
        model: "One-Shot",
        top1: "OOT",
        top5: None,
        aops: "OOT",
        hours: ">240",
        gigabytes: "1.537",
    },
    Searched {
        method: "dnas",
        model: "DNAS",
        top1: "OOT *",
        top5: None,
        aops: "OOT *",
        hours: "OOT *",
        gigabytes: "112.0",
    },
    Searched {
        method: "radars",
        model: "RADARS",
        top1: "88.33",
        top5: None,
        aops: "2.50",
        hours: "9.15",
        gigabytes: "10.43",
    },
];

/// Table IV: ImageNet.
pub const TABLE_4: [Searched; 4] = [
    Searched {
        method: "quantnas",
        model: "QuantNAS",
        top1: "72.4",
        top5: Some("90.4"),
        aops: "0.409",
        hours: "138",
        gigabytes: "6.73",
    },
    Searched {
        method: "one-shot",
        model: "One-Shot",
        top1: "OOT",
        top5: Some("OOT"),
        aops: "OOT",
        hours: ">740",
        gigabytes: "7.01",
    },
    Searched {
        method: "dnas",
        model: "DNAS",
        top1: "OOM",
        top5: Some("OOM"),
        aops: "OOM",
        hours: "OOM",
        gigabytes: "58.2",
    },
    Searched {
        method: "radars",
        model: "RADARS",
        top1: "73.8",
        top5: Some("91.5"),
        aops: "0.386",
        hours: "74",
        gigabytes: "11.0",
    },
];

/// Table V: ImageNet, beside networks of the literature.
pub const TABLE_5: [Published; 7] = [
    published("hand-crafted", "ResNet-34", "73.3", "91.4", "3.600"),
    published("hand-crafted", "CondenseNet", "73.8", "91.7", "0.529"),
    published("hand-crafted", "MobileNetV2", "72.0", "91.0", "0.300"),
    published("found by NAS", "NASNet-A", "74.0", "91.6", "0.564"),
    published("found by NAS", "PNASNet-5", "74.2", "91.9", "0.588"),
    published("found by NAS", "Proxyless-GPU", "75.1", "92.5", "0.465"),
    published("found by NAS", "RADARS", "73.8", "91.5", "0.386"),
];

const fn published(
    kind: &'static str,
    model: &'static str,
    top1: &'static str,
    top5: &'static str,
    aops: &'static str,
) -> Published {
    Published {
        kind,
        model,
        top1,
        top5,
        aops,
    }
}

/// Where Table II and what is said of it do not agree, and what its figures mean.
pub const SLIPS_2: &str = "\
* a slip of the paper's: out of time in its Table II, but out of memory in the caption and the text.
With 9 bits and 3x3 kernels everywhere its space has 5.5 G AOPS, so 4.09 and 2.50 are Eq. 1 in G; its gamma of 1e9
then makes the cost terms of both negative.
";

/// Where section IV-B and its tables do not agree.
pub const SLIPS_5: &str = "\
Slips of the paper's: what its Table III calls convolution groups (3, 6) are expansions; its text has ResNet-34 at 8
times the AOPS of RADARS, where 3.600 / 0.386 is 9.3, and names ShuffleNet, which has no row.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(table: &'a [Searched; 4], method: &str) -> &'a Searched {
        table.iter().find(|row| row.method == method).unwrap()
    }

    fn number(cell: &str) -> f64 {
        cell.trim_start_matches('>').parse().unwrap()
    }

    /// What the text of section IV-A and the abstract say of Table II: 3.41 points, 39 % lower AOPS, 2.5 times less
    /// time than QuantNAS; 10.7 times the memory for DNAS; more than 26 times the time for One-Shot.
    #[test]
    fn table_2_gives_the_quotients_of_its_text() {
        let [radars, quantnas] = ["radars", "quantnas"].map(|method| row(&TABLE_2, method));
        let points = number(radars.top1) - number(quantnas.top1);
        assert_eq!(format!("{points:.2}"), "3.41");
        let less = 1.0 - number(radars.aops) / number(quantnas.aops);
        assert_eq!(format!("{less:.2}"), "0.39");
        let faster = number(quantnas.hours) / number(radars.hours);
        assert_eq!(format!("{faster:.1}"), "2.5");
        let memory = number(row(&TABLE_2, "dnas").gigabytes) / number(radars.gigabytes);
        assert_eq!(format!("{memory:.1}"), "10.7");
        let times = number(row(&TABLE_2, "one-shot").hours) / number(radars.hours);
        assert_eq!(format!("{times:.0}"), "26");
    }

    /// What the text of section IV-B says of Table IV: 1.4 points in 54 % of the time; one-shot is stopped at ten times
    /// the fastest.
    #[test]
    fn table_4_gives_the_quotients_of_its_text() {
        let [radars, quantnas] = ["radars", "quantnas"].map(|method| row(&TABLE_4, method));
        let points = number(radars.top1) - number(quantnas.top1);
        assert_eq!(format!("{points:.1}"), "1.4");
        let time = number(radars.hours) / number(quantnas.hours);
        assert_eq!(format!("{time:.2}"), "0.54");
        let one_shot = row(&TABLE_4, "one-shot");
        assert_eq!(number(one_shot.hours), 10.0 * number(radars.hours));
        assert_eq!(row(&TABLE_4, "dnas").gigabytes, "58.2");
    }

    /// Table V and Table IV have RADARS in common; the text has it within 1.8 points above MobileNetV2.
    #[test]
    fn table_5_agrees_with_table_4() {
        let of = |model: &str| TABLE_5.iter().find(|row| row.model == model).unwrap();
        let (ours, radars) = (of("RADARS"), row(&TABLE_4, "radars"));
        assert_eq!(
            (ours.top1, Some(ours.top5), ours.aops),
            (radars.top1, radars.top5, radars.aops)
        );
        let points = number(ours.top1) - number(of("MobileNetV2").top1);
        assert_eq!(format!("{points:.1}"), "1.8");
        let times = number(of("ResNet-34").aops) / number(ours.aops);
        assert_eq!(format!("{times:.1}"), "9.3");
    }
}
