//! Control experiments: a safeguard switched off in the simulator, never in the product. The
//! auditor has to notice each, or its silence elsewhere means nothing.

/// Which safeguard is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The store takes any row, whatever stands before it.
    FenceOff,
    /// The lane is given terms without a limit worth the name.
    LimitOff,
    /// Answers leave before the store was asked.
    AnswersFirst,
    /// A row is published before the store was asked.
    PublishFirst,
    /// The face is replaced before the holders are.
    FaceFirst,
}

impl Control {
    /// All of them, with the names the command line takes.
    pub const ALL: [(&str, Self); 5] = [
        ("fence-off", Self::FenceOff),
        ("limit-off", Self::LimitOff),
        ("answers-first", Self::AnswersFirst),
        ("publish-first", Self::PublishFirst),
        ("face-first", Self::FaceFirst),
    ];

    /// The name the command line takes.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, control)| *control == self).map_or("", |(name, _)| name)
    }

    /// The control of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _)| *own == name).map(|(_, control)| *control)
    }
}
