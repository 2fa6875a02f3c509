import { EditorView } from "@codemirror/view";

/** Colours and sizes of every editor, from the tokens, so that light and dark both fit. */
export const looks = EditorView.theme({
	"&": { fontSize: "var(--nc-code-size)", color: "var(--mantine-color-text)" },
	"&.cm-focused": { outline: "2px solid var(--mantine-primary-color-filled)" },
	".cm-scroller": {
		fontFamily: "var(--mantine-font-family-monospace)",
		lineHeight: "var(--nc-code-line)",
	},
	".cm-content": { caretColor: "var(--mantine-color-text)" },
	".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
	".cm-gutters": {
		color: "var(--mantine-color-dimmed)",
		backgroundColor: "var(--nc-surface)",
		borderRight: "1px solid var(--nc-line)",
	},
	".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--nc-hover)" },
	"& .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
		backgroundColor: "var(--nc-selected)",
	},
	".cm-name": { color: "var(--nc-busy)" },
	".cm-text": { color: "var(--nc-good)" },
	".cm-value": { color: "var(--nc-warn)" },
	".cm-word": { color: "var(--nc-busy)", fontWeight: "600" },
	".cm-remark": { color: "var(--mantine-color-dimmed)", fontStyle: "italic" },
	".cm-fault": { backgroundColor: "var(--nc-removed)" },
	".cm-fault-text": {
		padding: "2px 8px",
		color: "var(--nc-bad)",
		backgroundColor: "var(--nc-removed)",
		whiteSpace: "pre-wrap",
	},
	".cm-warn": { boxShadow: "inset 3px 0 0 var(--nc-warn-bar)" },
	".cm-fault-text.cm-warn-text": { color: "var(--nc-warn)", backgroundColor: "var(--nc-hover)" },
	".cm-panels": { color: "var(--mantine-color-text)", backgroundColor: "var(--nc-hover)" },
	".cm-tooltip": {
		color: "var(--mantine-color-text)",
		backgroundColor: "var(--nc-surface)",
		border: "1px solid var(--nc-line)",
		borderRadius: "4px",
	},
	".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
		color: "var(--mantine-color-text)",
		backgroundColor: "var(--nc-selected)",
	},
	".cm-completionDetail": { color: "var(--mantine-color-dimmed)", fontStyle: "normal" },
});
