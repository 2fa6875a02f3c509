import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The product's own colour: a deep sea blue that is neither a state's colour nor a diff's. */
const sea: MantineColorsTuple = [
	"#e6f6f9",
	"#cdeaf0",
	"#a0d6e2",
	"#70c1d3",
	"#48aec6",
	"#2a9ab4",
	"#16859f",
	"#0b7285",
	"#085d6e",
	"#054a58",
];

/** Danger and errors; white text on shade 7 reaches 6:1. */
const red: MantineColorsTuple = [
	"#fdebea",
	"#fad5d2",
	"#f5b1ac",
	"#ff9b93",
	"#ef7068",
	"#e0554b",
	"#d5392f",
	"#b3261e",
	"#931f18",
	"#741812",
];

const slate: MantineColorsTuple = [
	"#d6dbe2",
	"#b9c1cc",
	"#97a1af",
	"#768292",
	"#475261",
	"#36404d",
	"#29313c",
	"#1d242d",
	"#151b22",
	"#0e1318",
];

/** Scrolls its list itself: the library's own scroll area inside the list is one more thing that the keyboard would have to reach. */
const choice = {
	defaultProps: { withScrollArea: false },
	styles: { options: { maxHeight: 280, overflowY: "auto" } },
} as const;

/** Every colour, size and face of the pages that is not the component library's own. */
export const theme = createTheme({
	colors: { sea, red, dark: slate },
	primaryColor: "sea",
	primaryShade: 7,
	autoContrast: true,
	defaultRadius: "sm",
	cursorType: "pointer",
	fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif',
	fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", monospace',
	headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "0.9375rem" } } },
	components: {
		Button: { defaultProps: { size: "xs" } },
		Select: choice,
		MultiSelect: choice,
		Autocomplete: choice,
		TagsInput: choice,
		TextInput: { defaultProps: { size: "sm" } },
		Anchor: { defaultProps: { underline: "hover" } },
		Modal: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
		Drawer: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
		// The library's placeholder is a child that no menu may have; without it the first item has the focus.
		Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
		Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
	},
});

/** States and diffs: text colours reach 4.5:1 on the page and on their own background, in both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({
	variables: {
		"--nc-nav-width": "208px",
		"--nc-page-width": "1760px",
		"--nc-code-size": "0.8125rem",
		"--nc-code-line": "1.45",
	},
	light: {
		"--mantine-color-dimmed": "#566270",
		"--mantine-color-placeholder": "#687482",
		"--mantine-color-error": "#b3261e",
		"--nc-page": "#f4f6f8",
		"--nc-surface": "#ffffff",
		"--nc-line": "#dbe1e7",
		"--nc-hover": "#f0f4f7",
		"--nc-selected": "#e2f2f5",
		"--nc-good": "#1a6b35",
		"--nc-warn": "#8a5000",
		"--nc-bad": "#b3261e",
		"--nc-calm": "#566270",
		"--nc-busy": "#0b6577",
		"--nc-good-bar": "#2f9e50",
		"--nc-warn-bar": "#e0930c",
		"--nc-bad-bar": "#d5392f",
		"--nc-added": "#e4f6e8",
		"--nc-added-sign": "#1a6b35",
		"--nc-added-part": "#b5e6c1",
		"--nc-removed": "#fdebea",
		"--nc-removed-sign": "#b3261e",
		"--nc-removed-part": "#f8c8c4",
		"--nc-mark": "#ffe58f",
	},
	dark: {
		"--mantine-color-dimmed": "#9aa5b3",
		"--mantine-color-placeholder": "#8590a0",
		"--mantine-color-error": "#ff9b93",
		"--nc-page": "#0e1318",
		"--nc-surface": "#151b22",
		"--nc-line": "#29313c",
		"--nc-hover": "#1b232c",
		"--nc-selected": "#12313a",
		"--nc-good": "#6fd08c",
		"--nc-warn": "#f0b95a",
		"--nc-bad": "#ff9b93",
		"--nc-calm": "#9aa5b3",
		"--nc-busy": "#63c7dc",
		"--nc-good-bar": "#3fae61",
		"--nc-warn-bar": "#d9951f",
		"--nc-bad-bar": "#e0554b",
		"--nc-added": "#12301c",
		"--nc-added-sign": "#6fd08c",
		"--nc-added-part": "#1f5a33",
		"--nc-removed": "#3a1a1a",
		"--nc-removed-sign": "#ff9b93",
		"--nc-removed-part": "#6b2a28",
		"--nc-mark": "#6b5200",
	},
});
