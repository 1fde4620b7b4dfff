let context: AudioContext | undefined;

/** Browsers let a page sound only after somebody has used it: the first click or letter unlocks it. */
export function unlockSound(): () => void {
  const unlock = () => {
    // A key that only modifies others counts for nothing.
    if (!navigator.userActivation.isActive) return;
    context ??= new AudioContext();
    void context.resume();
    stop();
  };
  const stop = () => {
    window.removeEventListener("pointerdown", unlock);
    window.removeEventListener("keydown", unlock);
  };
  window.addEventListener("pointerdown", unlock);
  window.addEventListener("keydown", unlock);
  return stop;
}

export function canSound(): boolean {
  return context?.state === "running";
}

const NOTES_HZ = [659.25, 880, 1_318.5];
const NOTE_S = 0.14;
const LOUDNESS = 0.14;

/** Three rising notes, made here: no file to load. One tab of the browser plays them. */
export async function chime(): Promise<void> {
  const sounding = context;
  if (sounding === undefined || sounding.state !== "running") return;
  await navigator.locks.request("chorus:console:chime", { ifAvailable: true }, async (lock) => {
    if (lock === null) return;
    play(sounding);
    // Held while it sounds, so that another tab keeps still.
    await new Promise((resolve) => setTimeout(resolve, NOTES_HZ.length * NOTE_S * 1_000));
  });
}

function play(sounding: AudioContext): void {
  for (const [index, hz] of NOTES_HZ.entries()) {
    const startS = sounding.currentTime + index * NOTE_S;
    const tone = sounding.createOscillator();
    const volume = sounding.createGain();
    tone.frequency.value = hz;
    volume.gain.setValueAtTime(0, startS);
    volume.gain.linearRampToValueAtTime(LOUDNESS, startS + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, startS + NOTE_S * 2);
    tone.connect(volume).connect(sounding.destination);
    tone.start(startS);
    tone.stop(startS + NOTE_S * 2);
  }
}
