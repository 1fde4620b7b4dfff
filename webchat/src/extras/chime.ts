const NOTES_HZ = [660, 880] as const;
const NOTE_S = 0.16;
const LOUDNESS = 0.08;

let player: AudioContext | undefined;

/** Two short notes, made on the spot: nothing is downloaded. Silent where the browser forbids it. */
export function ring(): void {
  player ??= new AudioContext();
  if (player.state === "suspended") void player.resume().catch(() => undefined);
  const { currentTime, destination } = player;
  for (const [at, hz] of NOTES_HZ.entries()) {
    const note = player.createOscillator();
    const volume = player.createGain();
    const beginS = currentTime + at * NOTE_S;
    note.frequency.value = hz;
    volume.gain.setValueAtTime(LOUDNESS, beginS);
    volume.gain.exponentialRampToValueAtTime(0.001, beginS + NOTE_S);
    note.connect(volume).connect(destination);
    note.start(beginS);
    note.stop(beginS + NOTE_S);
  }
}
