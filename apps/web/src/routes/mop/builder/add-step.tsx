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
	const found = types.filter(({ type, label, description, aliases }) => {
		const all = `${type} ${label} ${description} ${aliases.join(" ")}`.toLowerCase();
		return words.every((word) => all.includes(word));
	});
	const groups = order
		.map((category) => ({ category, types: found.filter((one) => one.category === category) }))
		.filter((group) => group.types.length > 0);
	const first = groups[0]?.types[0];
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
				{groups.length === 0 && <p className="nc-dim">No step type matches.</p>}
				{groups.map(({ category, types: some }) => (
					<section key={category} aria-label={categories[category].label} className={styles.category}>
						<h3>{categories[category].label}</h3>
						{some.map((type) => (
							<button key={type.type} type="button" className={styles.type} data-type onClick={() => pick(type)}>
								<Icon name={categories[category].icon} />
								<span>
									<strong>{visibleLine(type.label)}</strong> <span className="nc-mono nc-dim">{type.type}</span>
									{type.writes && <span className={styles.writes}>changes</span>}
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
