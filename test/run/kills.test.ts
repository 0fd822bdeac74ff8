import { type Kill, type Scene, setScene } from './kills.js';
import { removeFolders } from './folders.js';

afterAll(removeFolders);

let scene: Scene;
beforeAll(async () => {
  scene = await setScene();
});

// A handful; kills.long.ts has two hundred.
test.each<Kill>([
  { signal: 'SIGKILL', at: { change: 3 }, replaces: true },
  { signal: 'SIGKILL', at: { moment: 'set aside', count: 2 }, replaces: true },
  { signal: 'SIGKILL', at: { moment: 'renamed', count: 3 }, replaces: true },
  { signal: 'SIGTERM', at: { moment: 'written', count: 2 }, replaces: false },
])('a run that is cut off leaves whole folders, and the next ends as usual: %j', async (kill) => {
  expect(await scene.cutOff(kill)).toEqual([]);
});
