import { Kbd, Loader, Modal } from "@mantine/core";
import { useDebouncedValue, useDisclosure } from "@mantine/hooks";
import { useRouter } from "@tanstack/react-router";
import {
	type KeyboardEvent,
	lazy,
	Suspense,
	useEffect,
	useId,
	useLayoutEffect,
	useMemo,
	useRef,
	useState,
} from "react";
import { useMe } from "../../api/context.tsx";
import { untilLoaded } from "../../api/load-code.ts";
import { Icon } from "../../ui/icon.tsx";
import { problemOf } from "../../ui/problem.tsx";
import { count } from "../../ui/words.ts";
import { useMenu } from "../use-menu.ts";
import { takeKeys } from "./early-keys.ts";
import type { Entry, Group } from "./entry.ts";
import { beginsWords } from "./match.ts";
import styles from "./palette.module.css";
import { noteRecent, readRecent } from "./recent.ts";
import { useActions } from "./use-actions.ts";
import { useFound } from "./use-found.ts";

const DeviceForm = lazy(
	untilLoaded(() =>
		import("../../routes/devices/device-form.tsx").then(({ DeviceForm: component }) => ({ default: component })),
	),
);

/** Everything that has a name, and everything that can be done, from anywhere. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
	const [adding, add] = useDisclosure();
	return (
		<>
			<Modal
				opened={opened}
				onClose={onClose}
				size={640}
				yOffset="8vh"
				padding={0}
				withCloseButton={false}
				transitionProps={{ duration: 0 }}
				overlayProps={{ backgroundOpacity: 0.35 }}
				classNames={{ content: styles.content ?? "", body: styles.body ?? "" }}
				attributes={{ content: { "aria-label": "Find anything" } }}
			>
				<Finder onClose={onClose} onAdd={add.open} />
			</Modal>
			{adding && (
				<Suspense>
					<DeviceForm opened onClose={add.close} />
				</Suspense>
			)}
		</>
	);
}

const askAfter_ms = 160;

function Finder({ onClose, onAdd }: { onClose: () => void; onAdd: () => void }) {
	const { user } = useMe();
	const router = useRouter();
	const id = useId();
	const field = useRef<HTMLInputElement>(null);
	const list = useRef<HTMLDivElement>(null);
	const [text, setText] = useState("");
	const [at, setAt] = useState(0);
	const [hasty, setHasty] = useState(false);
	const wanted = text.trim();
	const [asked] = useDebouncedValue(wanted, askAfter_ms);
	// What was just cleared is not asked for any more.
	const found = useFound(wanted === "" ? "" : asked);
	const actions = useActions(onAdd);
	const menu = useMenu();
	const recent = useMemo(() => readRecent(user.id), [user.id]);

	const pages: Entry[] = menu.flatMap(({ section, pages: offered }) =>
		offered.map(({ to, label, icon }) => ({ id: `page ${to}`, label, icon, beside: section, href: to })),
	);
	const matching = (entries: Entry[]) =>
		entries.filter(({ label, beside }) => beginsWords(`${label} ${typeof beside === "string" ? beside : ""}`, wanted));
	const groups: Group[] = [
		...(wanted === ""
			? [{ label: "Recent", entries: recent.map((place): Entry => ({ id: `recent ${place.href}`, ...place })) }]
			: []),
		...(wanted === "" ? [] : found.named),
		{ label: "Pages", entries: matching(pages) },
		{ label: "Actions", entries: matching(actions) },
		...(wanted === "" ? [] : found.others),
	].filter(({ entries }) => entries.length > 0);
	const all = groups.flatMap(({ entries }) => entries);
	const chosen = Math.min(at, all.length - 1);
	const searching = wanted !== asked || found.searching;
	// What stands first now may be about what was typed before.
	const seeking = wanted !== "" && (wanted !== asked || found.seeking);

	useLayoutEffect(() => {
		field.current?.focus();
		const early = takeKeys();
		setText((now) => now + early.text);
		setHasty(early.entered);
	}, []);
	useEffect(() => {
		if (chosen >= 0) list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
	}, [chosen]);

	const first = all[0];
	// biome-ignore lint/correctness/useExhaustiveDependencies: who typed a name and Enter at once goes there when it is found, once
	useEffect(() => {
		if (!hasty || seeking) return;
		setHasty(false);
		if (first !== undefined) choose(first, false);
	}, [hasty, seeking]);

	function choose(entry: Entry, newTab: boolean): void {
		if (entry.href !== undefined) {
			noteRecent(user.id, { href: entry.href, label: entry.label, icon: entry.icon });
			if (newTab) return void window.open(entry.href, "_blank");
		}
		onClose();
		if (entry.href !== undefined) router.history.push(entry.href);
		else entry.run?.();
	}

	function press(event: KeyboardEvent): void {
		// The key that ends the composing of a character chooses nothing.
		if (event.nativeEvent.isComposing) return;
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step !== undefined && all.length > 0) {
			event.preventDefault();
			setAt((chosen + step + all.length) % all.length);
		}
		const entry = all[chosen];
		if (event.key === "Enter") {
			event.preventDefault();
			if (seeking && at === 0) setHasty(true);
			else if (entry !== undefined) choose(entry, event.ctrlKey || event.metaKey);
		}
	}

	return (
		<>
			<div className={styles.search}>
				<Icon name="search" />
				<input
					ref={field}
					data-autofocus
					role="combobox"
					aria-label="Find anything"
					aria-expanded="true"
					aria-controls={`${id} list`.replaceAll(" ", "-")}
					aria-activedescendant={chosen < 0 ? undefined : optionId(id, chosen)}
					aria-autocomplete="list"
					autoComplete="off"
					spellCheck={false}
					maxLength={200}
					placeholder="Device, group, address, configuration, run, page or action"
					value={text}
					onChange={({ currentTarget }) => {
						setText(currentTarget.value);
						setAt(0);
						setHasty(false);
					}}
					onKeyDown={press}
				/>
				{searching && <Loader size={14} aria-hidden="true" />}
			</div>
			{found.failed !== undefined && wanted !== "" && (
				<div className={`${styles.note} nc-warn`} role="alert">
					Not everything could be asked: {problemOf(found.failed).title}
				</div>
			)}
			<div ref={list} id={`${id} list`.replaceAll(" ", "-")} role="listbox" aria-label="Found" className={styles.list}>
				{groups.map(({ label, entries }) => {
					const begin = all.indexOf(entries[0] as Entry);
					return (
						// biome-ignore lint/a11y/useSemanticElements: options of a listbox are grouped by this role
						<div key={label} role="group" aria-label={label}>
							<div className={styles.head} aria-hidden="true">
								{label}
							</div>
							{entries.map((entry, index) => (
								<Option
									key={entry.id}
									id={optionId(id, begin + index)}
									entry={entry}
									chosen={begin + index === chosen}
									onPoint={() => setAt(begin + index)}
									onChoose={(newTab) => choose(entry, newTab)}
								/>
							))}
						</div>
					);
				})}
			</div>
			{all.every(({ id: of }) => of === "search all") && !searching && (
				<div className={styles.note}>
					Nothing of that name. Devices are found by name, address, site or tag; groups by name; runs by words of their
					title; pages and actions by words of theirs.
				</div>
			)}
			<div className="nc-visually-hidden" aria-live="polite">
				{searching ? "" : count(all.length, "entry", "entries")}
			</div>
			<div className={styles.foot} aria-hidden="true">
				<span>
					<Kbd size="xs">↑</Kbd> <Kbd size="xs">↓</Kbd> move
				</span>
				<span>
					<Kbd size="xs">Enter</Kbd> choose
				</span>
				<span>
					<Kbd size="xs">Ctrl Enter</Kbd> in a new tab
				</span>
				<span>
					<Kbd size="xs">Esc</Kbd> close
				</span>
				<span>
					<code>test core-1</code> tests it
				</span>
			</div>
		</>
	);
}

function optionId(id: string, index: number): string {
	return `${id}-option-${index}`;
}

function Option({
	id,
	entry: { label, icon, beside },
	chosen,
	onPoint,
	onChoose,
}: {
	id: string;
	entry: Entry;
	chosen: boolean;
	onPoint: () => void;
	onChoose: (newTab: boolean) => void;
}) {
	return (
		// biome-ignore lint/a11y/useKeyWithClickEvents: the keys belong to the field, which keeps the focus
		// biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant of the field points here
		<div
			id={id}
			role="option"
			aria-selected={chosen}
			className={styles.option}
			// The field keeps the focus.
			onMouseDown={(event) => event.preventDefault()}
			onMouseMove={onPoint}
			onClick={(event) => onChoose(event.ctrlKey || event.metaKey)}
		>
			<Icon name={icon} size={14} />
			<span className={styles.label}>{label}</span>
			{beside !== undefined && <span className={styles.beside}>{beside}</span>}
		</div>
	);
}
