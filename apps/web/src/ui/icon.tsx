const shapes = {
	ok: "M4 12.5 9.5 18 20 6.5",
	cross: "M6 6l12 12M18 6 6 18",
	warning: "M12 4 2.5 20h19L12 4zM12 10v5M12 17.6v.4",
	question: "M9 9a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 2.3M12 17.6v.4",
	key: "M14.5 9.5a4.5 4.5 0 1 0-3.6 4.4L13 16h2v2h2v2h3v-3.5l-5.6-5.6a4.5 4.5 0 0 0 .1-1.4zM9.5 8.6v.4",
	lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
	unplugged: "M4 20l4-4M16 8l4-4M9 7l8 8-2 2a4 4 0 0 1-6 0l-2-2a4 4 0 0 1 0-6zM3 3l18 18",
	clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
	running: "M12 3a9 9 0 1 0 9 9",
	stop: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12",
	minus: "M5 12h14",
	device: "M4 5h16v6H4zM4 13h16v6H4zM8 8v.1M8 16v.1",
	run: "M7 4v16l13-8z",
	search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
	book: "M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11",
	user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
	up: "M6 15l6-6 6 6",
	down: "M6 9l6 6 6-6",
	right: "M9 6l6 6-6 6",
	plus: "M12 5v14M5 12h14",
	external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
	link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l1-1",
} as const;

export type IconName = keyof typeof shapes;

/** A line drawing beside a word that says the same, hence hidden from screen readers. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
	return (
		<svg
			width={size}
			height={size}
			viewBox="0 0 24 24"
			fill="none"
			stroke="currentColor"
			strokeWidth="2"
			strokeLinecap="round"
			strokeLinejoin="round"
			aria-hidden="true"
			focusable="false"
		>
			<path d={shapes[name]} />
		</svg>
	);
}
