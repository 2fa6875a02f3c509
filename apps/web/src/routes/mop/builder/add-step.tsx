import { Modal, TextInput } from "@mantine/core";
import type { MopStepType } from "@netconductor/contracts/config/mops";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type KeyboardEvent, useRef, useState } from "react";
import { Icon } from "../../../ui/icon.tsx";
import styles from "./builder.module.css";
import { categories } from "./words.ts";

const order = Object.keys(categories) as (keyof typeof categories)[];

/** Every type of step with what it does, by what it is for. */
export function AddStep({
	opened,
	types,
	onPick,
	onClose,
}: {
	opened: boolean;
	types: readonly MopStepType[];
	onPick: (type: MopStepType) => void;
	onClose: () => void;
}) {
	const [typed, setTyped] = useState("");
	const list = useRef<HTMLDivElement>(null);
	const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
	const found = types
		.map((type) => ({ type, rank: rankOf(type, words) }))
		.filter(({ rank }) => rank > 0)
		.toSorted((one, other) => other.rank - one.rank)
		.map(({ type }) => type);
	const groups =
		words.length > 0
			? [{ title: "Found", types: found }].filter(() => found.length > 0)
			: order
					.map((category) => ({
						title: categories[category].label,
						types: found.filter((one) => one.category === category),
					}))
					.filter((group) => group.types.length > 0);
	const [first] = found;
	const pick = (type: MopStepType) => {
		setTyped("");
		onPick(type);
	};
	function onKeyDown(event: KeyboardEvent) {
		const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
		if (by === 0) return;
		event.preventDefault();
		const all = [...(list.current?.querySelectorAll<HTMLElement>("input, [data-type]") ?? [])];
		all[Math.min(Math.max(all.indexOf(document.activeElement as HTMLElement) + by, 0), all.length - 1)]?.focus();
	}
	return (
		<Modal
			opened={opened}
			onClose={() => {
				setTyped("");
				onClose();
			}}
			title="Add a step"
			size="lg"
		>
			{/* biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between what stands in it */}
			<div ref={list} onKeyDown={onKeyDown}>
				<TextInput
					aria-label="Search step types"
					placeholder="What should be done?"
					data-autofocus
					value={typed}
					onChange={({ currentTarget }) => setTyped(currentTarget.value)}
					onKeyDown={(event) => {
						if (event.key === "Enter" && first !== undefined) {
							event.preventDefault();
							pick(first);
						}
					}}
				/>
				{groups.length === 0 && (
					<p className="nc-dim">{types.length === 0 ? "Reading the step types …" : "No step type matches."}</p>
				)}
				{groups.map(({ title, types: some }) => (
					<section key={title} aria-label={title} className={styles.category}>
						<h3>{title}</h3>
						{some.map((type) => (
							<button key={type.type} type="button" className={styles.type} data-type onClick={() => pick(type)}>
								<Icon name={categories[type.category].icon} />
								<span>
									<strong>{visibleLine(type.label)}</strong> <span className="nc-mono nc-dim">{type.type}</span>{" "}
									{type.writes && <span className={styles.writes}>may change</span>}{" "}
									<span className="nc-small nc-dim">{visibleLine(type.description)}</span>
								</span>
							</button>
						))}
					</section>
				))}
			</div>
		</Modal>
	);
}

/** How well a type is what was searched for: by its name before what is said of it. 0: not at all. */
function rankOf({ type, label, description, aliases }: MopStepType, words: readonly string[]): number {
	const names = [type, label.toLowerCase(), ...aliases];
	const all = `${names.join(" ")} ${description.toLowerCase()}`;
	if (!words.every((word) => all.includes(word))) return 0;
	const inNames = words.filter((word) => names.some((name) => name.includes(word))).length;
	const atBeginning = words.filter((word) => names.some((name) => name.startsWith(word))).length;
	return 1 + 2 * inNames + atBeginning;
}
