// Programs that run inside the measured page, hence as text.

/** Answers the largest contentful paint so far, ms after the navigation began. */
export const largestPaint = `new Promise((resolve) => {
	new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
		.observe({ type: "largest-contentful-paint", buffered: true });
})`;

/** Answers what was loaded so far: bytes of the bodies, compressed as they came. */
export const loadedFiles = `performance.getEntriesByType("resource").map(({ name, encodedBodySize }) => ({
	script: new URL(name).pathname.endsWith(".js"),
	bytes: encodedBodySize,
}))`;

/** Begins to note how long each interaction takes until the next paint. The shortest that browsers tell of is 16 ms. */
export const noteInteractions = `(() => {
	const seen = globalThis.interactions = {};
	new PerformanceObserver((list) => {
		for (const { interactionId, duration } of list.getEntries())
			if (interactionId !== 0) seen[interactionId] = Math.max(seen[interactionId] ?? 0, duration);
	}).observe({ type: "event", durationThreshold: 16 });
})()`;

/** Answers what was noted, ms. */
export const notedInteractions = "Object.values(globalThis.interactions)";

/** Looks at every frame for a while, and answers in how many a row of the list was empty where a reader looks. */
export function countBlankFrames(ms: number): string {
	return `new Promise((resolve) => {
	const seen = { frames: 0, blank: 0 };
	const until = performance.now() + ${ms};
	const head = document.querySelector("thead").getBoundingClientRect().height + 60;
	function look() {
		seen.frames += 1;
		const list = document.querySelector("tbody").getBoundingClientRect();
		const to = Math.min(list.bottom, innerHeight);
		for (let y = Math.max(list.top, head) + 15; y < to - 15; y += 40) {
			const row = document.elementFromPoint(innerWidth / 2, y)?.closest("tr");
			if (row !== null && row !== undefined && row.textContent.trim() === "") {
				seen.blank += 1;
				break;
			}
		}
		if (performance.now() < until) requestAnimationFrame(look);
		else resolve(seen);
	}
	requestAnimationFrame(look);
})`;
}
