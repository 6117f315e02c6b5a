/** Text as HTML, in an element or an attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Three digits, or a dash. */
export const digits = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
