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
	home: "M4 11l8-7 8 7M6 10v10h12V10",
	columns: "M4 5h16v14H4zM10 5v14M15 5v14",
	download: "M12 4v11M7 11l5 5 5-5M5 20h14",
	upload: "M12 20V9M7 13l5-5 5 5M5 4h14",
	folder: "M3 6h6l2 2h10v11H3z",
	group: "M4 7h7v7H4zM13 10h7v7h-7zM8 14v3h5",
	chip: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
	history: "M4 12a8 8 0 1 0 3-6.200M4 4v4h4M12 8v4l3 2",
	camera: "M4 8h4l2-3h4l2 3h4v11H4zM12 10.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7z",
	layers: "M12 3 3 8l9 5 9-5zM3 12.500l9 5 9-5M3 17l9 5 9-5",
	calendar: "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5",
	worker: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M19 5l-3 3M8 16l-3 3",
	users:
		"M9 5a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM3 20a6 6 0 0 1 12 0M16 5.500a3.500 3.500 0 0 1 0 6.500M17 14.500a6 6 0 0 1 4 5.500",
	shield: "M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6z",
	token: "M4 12h10M14 8h6v8h-6zM7 12v3M10 12v3",
	list: "M8 6h12M8 12h12M8 18h12M4 6v.100M4 12v.100M4 18v.100",
	settings: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4.500v5M8 14.500v5",
	pulse: "M3 12h4l3-8 4 16 3-8h4",
	pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
	edit: "M5 19h3L19 8l-3-3L5 16zM14 7l3 3",
	trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
	star: "M12 4l2.500 5 5.500.800-4 3.900 1 5.500-5-2.700-5 2.700 1-5.500-4-3.900 5.500-.800z",
	up: "M6 15l6-6 6 6",
	down: "M6 9l6 6 6-6",
	right: "M9 6l6 6-6 6",
	plus: "M12 5v14M5 12h14",
	external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
	copy: "M9 9h11v11H9zM5 15H4V4h11v1",
	filter: "M4 5h16l-6 8v6l-4-2v-4z",
	more: "M6 12v.100M12 12v.100M18 12v.100",
	bookmark: "M6 4h12v16l-6-4-6 4z",
	swap: "M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4",
	redo: "M20 12a8 8 0 1 1-3-6.200M20 4v4h-4",
	steps: "M5 4h8v5H5zM11 15h8v5h-8zM9 9v3h6v3",
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
