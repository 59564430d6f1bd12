// docs/api.md from the protos' own comments, which are the API's reference: the
// same text where people read it in a browser. Part of `npm run generate`.

const SCALARS = { TYPE_STRING: 'string', TYPE_BOOL: 'bool', TYPE_BYTES: 'bytes', TYPE_DOUBLE: 'double' };

/** Well-known messages, by what they are and not where they live. */
const WELL_KNOWN = /^\.google\.(protobuf|rpc)\./;

/** The numbers that descriptor.proto gives to the parts of a file, in a location's path. */
const PART = { messageType: 4, enumType: 5, service: 6, field: 2, value: 2, method: 2 };

/**
 * @param descriptors a FileDescriptorSet in its JSON form
 * @param packageName whose files to describe
 */
export function apiDocs(descriptors, packageName) {
  const files = descriptors.file.filter((file) => file.package === packageName);
  const sections = files.flatMap((file) => describeFile(file, packageName));
  const order = ['service', 'messageType', 'enumType'];
  sections.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
  const index = sections.filter(({ kind }) => kind === 'service').map(({ name }) => `[${name}](#${anchor(name)})`);
  return [
    '# API',
    '',
    'Made from the comments of [proto/](../proto/) by `npm run generate`; change them there.',
    '',
    `Services: ${index.join(', ')}. Statuses and their reasons: [errors.md](errors.md).`,
    '',
    ...sections.flatMap(({ text }) => [text, '']),
  ].join('\n');
}

function describeFile(file, packageName) {
  const comments = new Map(
    (file.sourceCodeInfo?.location ?? [])
      .filter(({ path }) => path !== undefined)
      .map((location) => [location.path.join('.'), comment(location)]),
  );
  const at = (...path) => comments.get(path.join('.')) ?? '';
  const type = (field) => typeOf(field, packageName);
  const describe = (kind, parts) =>
    (file[kind] ?? []).map((part, i) => {
      const { columns, rows } = parts(part, (...path) => at(PART[kind], i, ...path));
      const text = [`## ${part.name}`, '', at(PART[kind], i), '', table(columns, rows)]
        .join('\n')
        .replace(/\n{3,}/g, '\n\n');
      return { kind, name: part.name, text: text.trimEnd() };
    });
  return [
    ...describe('service', (service, of) => ({
      columns: ['call', 'takes', 'answers', ''],
      rows: service.method.map((method, i) => [
        `**${method.name}**`,
        link(method.inputType, packageName),
        `${method.serverStreaming ? 'stream of ' : ''}${link(method.outputType, packageName)}`,
        of(PART.method, i),
      ]),
    })),
    ...describe('messageType', (message, of) => ({
      columns: ['field', 'type', ''],
      rows: (message.field ?? []).map((field, i) => {
        const group =
          field.oneofIndex === undefined || field.proto3Optional ? '' : message.oneofDecl[field.oneofIndex].name;
        const remark = group === '' ? '' : `*One of \`${group}\`.* `;
        return [
          `\`${field.name}\` = ${field.number}`,
          type(resolveMap(field, message)),
          `${remark}${of(PART.field, i)}`,
        ];
      }),
    })),
    ...describe('enumType', (enumeration, of) => ({
      columns: ['value', ''],
      rows: enumeration.value.map((value, i) => [`\`${value.name}\` = ${value.number ?? 0}`, of(PART.value, i)]),
    })),
  ];
}

function comment({ leadingComments = '', trailingComments = '' }) {
  return `${leadingComments}\n${trailingComments}`.trim().replace(/\n /g, '\n');
}

/** A map is a repeated message of its own on the wire, which no reader wants to see. */
function resolveMap(field, message) {
  const entry = (message.nestedType ?? []).find(
    ({ name, options }) => options?.mapEntry === true && field.typeName?.endsWith(`.${name}`),
  );
  return entry === undefined ? field : { ...field, map: entry.field };
}

function typeOf(field, packageName) {
  if (field.map !== undefined) {
    const [key, value] = field.map.map((part) => typeOf({ ...part, label: 'LABEL_OPTIONAL' }, packageName));
    return `map of ${key} to ${value}`;
  }
  const name = field.typeName === undefined ? scalar(field.type) : link(field.typeName, packageName);
  return field.label === 'LABEL_REPEATED' ? `repeated ${name}` : name;
}

function scalar(type) {
  return SCALARS[type] ?? type.replace('TYPE_', '').toLowerCase();
}

function link(typeName, packageName) {
  const name = typeName.replace(`.${packageName}.`, '');
  if (name === typeName || WELL_KNOWN.test(typeName)) return typeName.slice(1);
  return `[${name}](#${anchor(name)})`;
}

function anchor(name) {
  return name.toLowerCase();
}

function table(columns, rows) {
  if (rows.length === 0) return 'No fields.';
  const line = (cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
