"""The models of the families as templates of lines; template.py says how one is filled.

B batch, T position, S position of what is attended to, C width, H heads, D = C / H, L layers, V tokens.
"""

LINEAR = """
def linear(fan_in, fan_out, std=$std):
    layer = nn.Linear(fan_in, fan_out)
    nn.init.normal_(layer.weight, 0, std, generator=weights)
    nn.init.zeros_(layer.bias)
    return layer

"""
NORMAL = """
def normal(*shape, std=$std):
    return nn.Parameter(torch.empty(shape).normal_(0, std, generator=weights))

"""
DROP = """
def drop(x):  # zeroes a share of the values and scales up the rest
    keep = torch.empty_like(x).bernoulli_(1 - DROPOUT, generator=noise)
    return x * keep / (1 - DROPOUT)

"""
TRANSFORMER = """
def turn(x):  # rotary positions: channel pair i of position t by the angle t · 10000^(−2i/D)  @rotary
    angle = torch.arange(x.shape[2])[:, None] * 10000 ** (-torch.arange(0, D, 2.0) / D)  @rotary
    even, odd, cos, sin = x[..., 0::2], x[..., 1::2], angle.cos(), angle.sin()  @rotary
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)  @rotary
  @rotary
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.project, self.output = linear(C, 3 * C), linear(C, C, 0.02 / (2 * L) ** 0.5)

    def forward(self, x, mask, memory=None):  # (B, T, C), memory (B, S, C) -> (B, T, C)  @cross
    def forward(self, x, mask):  # (B, T, C) -> (B, T, C) = $stream  @!cross
        w, b, memory = self.project.weight, self.project.bias, x if memory is None else memory  @cross
        q, (k, v) = F.linear(x, w[:C], b[:C]), F.linear(memory, w[C:], b[C:]).chunk(2, dim=2)  @cross
        q, k, v = self.project(x).chunk(3, dim=2)  @!cross
        q, k, v = (y.unflatten(2, (H, D)).transpose(1, 2) for y in (q, k, v))  # (B, H, T, D) = $heads
        q, k = (turn(q), turn(k)) if memory is x else (q, k)  @rotary&cross
        q, k = turn(q), turn(k)  @rotary&!cross
        pattern = (q @ k.mT$scale + mask).softmax(-1)  # (B, H, T, T) = $scores
        return self.output(($pattern @ v).transpose(1, 2).flatten(2))

class Block(nn.Module):
    def __init__(self, cross):  @cross
    def __init__(self):  @!cross
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(C) for _ in range($norms))  @!none-norm
        self.attention = Attention()
        self.cross = Attention() if cross else None  @cross
        self.mlp = nn.Sequential(linear(C, 4 * C), nn.$activation(), linear(4 * C, C, 0.02 / (2 * L) ** 0.5))

    def forward(self, x, mask, memory=None, hidden=0):  @cross
    def forward(self, x, mask):  # LayerNorm: $place, skip paths: $residual  @!cross
        x = $attended
        x = $crossed if self.cross else x  @cross
        return $lifted

class Stack(nn.Module):  @cross
class Model(nn.Module):  @!cross
    def __init__(self, causal):  @cross
    def __init__(self):  @!cross
        super().__init__()
        self.embedding, self.table = normal(V, C), normal(CONTEXT, C)  # of tokens and positions  @learned
        self.embedding = normal(V, C)  @!learned
        self.blocks = nn.ModuleList(Block(cross=causal) for _ in range(L))  @cross
        self.blocks = nn.ModuleList(Block() for _ in range(L))  @!cross
        self.norm, self.causal = nn.LayerNorm(C), causal  @cross&pre
        self.causal = causal  @cross&!pre
        self.norm, self.unembedding = nn.LayerNorm(C), linear(C, V)  @!cross&pre
        self.unembedding = linear(C, V)  @!cross&!pre

    def forward(self, tokens, hidden=0, *memory):  # (B, T) -> (B, T, C) = $stream  @cross
    def forward(self, tokens):  # (B, T) -> (B, T, V) = $logits  @!cross
        x, T = F.embedding(tokens, self.embedding), tokens.shape[1]
        x = x + self.table[:T]  @learned
        angle = torch.arange(T)[:, None] * 10000 ** (-torch.arange(0, C, 2.0) / C)  # sinusoidal  @sinusoidal
        x = x + torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :C] * 0.02 * 2**0.5  @sinusoidal
        mask = hidden + (torch.full((T, T), -torch.inf).triu(1) if self.causal else 0)  @cross&causal
        mask = hidden  @cross&!causal
        mask = torch.full((T, T), -torch.inf).triu(1)  # 0, or −∞ where a key comes after the query  @!cross&causal
        mask = torch.zeros(tokens.shape).masked_fill(tokens == PAD, -torch.inf)[:, None, None]  @!cross&padded
        mask = 0  # every token sees every other  @!cross&!causal&!padded
        t = torch.arange(T)  @alibi
        mask = mask - torch.tensor(SLOPES)[:, None, None] * (t[:, None] - t).abs()  # ALiBi  @alibi
        x = drop(x)  @dropout
        for block in self.blocks:
            x = block(x, mask, *memory)  @cross
            x = block(x, mask)  @!cross
        return self.norm(x)  @cross&pre
        return x  @cross&!pre
        return self.unembedding(self.norm(x))  @!cross&pre
        return self.unembedding(x)  @!cross&!pre

class Model(nn.Module):  @cross
    def __init__(self):  @cross
        super().__init__()  @cross
        self.encoder, self.decoder, self.unembedding = Stack(causal=False), Stack(causal=True), linear(C, V)  @cross
  @cross
    def forward(self, tokens, source):  # (B, T), (B, S) -> (B, T, V) = $logits  @cross
        hidden = torch.zeros(source.shape).masked_fill(source == PAD, -torch.inf)[:, None, None]  # padding  @cross&pad
        hidden = 0  @cross&!pad
        return self.unembedding(self.decoder(tokens, 0, self.encoder(source, hidden), hidden))  @cross
  @cross
model = Model()
for p in model.parameters():  @large
    p.data.mul_($large if p.ndim > 1 else 1)  # initial weights too large, on purpose  @large
"""
RECURRENT = """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = normal(V, C, std=1)
        self.layers = nn.ModuleList(nn.$cell(C, C, batch_first=True) for _ in range(L))
        for layer in self.layers:
            for name, p in layer.named_parameters():
                std = (3 * C) ** -0.5 * ($gain if "hh" in name else 1)
                nn.init.normal_(p, 0, std, generator=weights) if p.ndim > 1 else nn.init.zeros_(p)
            layer.bias_ih_l0.data[C : 2 * C] = $bias  # of the gate that keeps the state  @gated
        self.unembedding = linear(C, V)

    def forward(self, tokens):  # (B, T) -> (B, T, V) = $logits
        x = F.embedding(tokens, self.embedding)  # $stream
        for layer in self.layers:
            x = layer($drop(x))[0]
        return self.unembedding($drop(x))

model = Model()
"""
TRANSLATOR = """
class GRU(nn.Module):  # after Cho et al. 2014, the reset after the product
    def __init__(self):
        super().__init__()
        self.input, self.recurrent = linear(C, 3 * C), linear(C, 3 * C)
        self.input.bias.data[C : 2 * C] = $bias  # of the gate that keeps the state

    def step(self, read, h):  # (B, 3C), (B, C) -> (B, C)
        (r, z, n), (hr, hz, hn) = read.chunk(3, dim=1), self.recurrent(h).chunk(3, dim=1)
        z = (z + hz).sigmoid()
        return (1 - z) * (n + (r + hr).sigmoid() * hn).tanh() + z * h

    def forward(self, x, h, context=lambda h: 0):  # (B, T, C) -> (B, T, C)
        states = []
        for read in self.input(x).unbind(1):
            h = self.step(read + context(h), h)
            states.append(h)
        return torch.stack(states, 1)

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.source_embedding = normal(V, C, std=1)
        self.layers = nn.ModuleList([GRU(), GRU()])  # of the encoder: one from each end
        self.query, self.key, self.v = linear(C, C), linear(2 * C, C, STD / 2**0.5), normal(C)  @attention
        self.output = linear(2 * C, 3 * C, STD / 2**0.5)  # what the decoder reads of the source
        self.embedding, self.begin = normal(V, C, std=1), linear(C, C)
        self.layers.append(GRU())  # the decoder
        self.unembedding = linear(C, V)

    def forward(self, tokens, source):  # (B, T), (B, S) -> (B, T, V) = $logits
        x, hidden = $drop(F.embedding(source, self.source_embedding)), source == PAD
        length, place = (~hidden).sum(1, keepdim=True), torch.arange(source.shape[1]).expand(source.shape)
        mirror = torch.where(place < length, length - 1 - place, place)[..., None].expand(x.shape)
        h, last = x.new_zeros(len(x), C), (length - 1)[..., None].expand(-1, 1, C)
        ahead, back = self.layers[0](x, h), self.layers[1](x.gather(1, mirror), h)
        ends = torch.cat([ahead.gather(1, last), back.gather(1, last)], 2)[:, 0]  # (B, 2C)
        values = torch.cat([ahead, back.gather(1, mirror)], 2)  # (B, S, 2C)  @attention
        keys, mask = self.key(values), torch.zeros(source.shape).masked_fill(hidden, -torch.inf)  @attention

        def context(h):  # attention after Bahdanau et al. 2015: (B, C) -> (B, 3C)  @attention
            scores = torch.tanh(keys + self.query(h)[:, None]) @ self.v + mask  # (B, S)  @attention
            return self.output((scores.softmax(-1)[:, None] @ values)[:, 0])  @attention
        context = lambda h: self.output(ends)  # the same at every step  @!attention

        x = $drop(F.embedding(tokens, self.embedding))
        states = self.layers[2](x, torch.tanh(self.begin(ends.chunk(2, 1)[1])), context)
        return self.unembedding($drop(states))

model = Model()
"""
WORD_VECTORS = """
class Model(nn.Module):  # two vectors for each word
    def __init__(self):
        super().__init__()
        self.word, self.context = (nn.Parameter(torch.zeros(V, C)) for _ in range(2))
        self.word.data.uniform_(-0.5 / C, 0.5 / C, generator=weights)
        self.context.data.uniform_(-0.5 / C, 0.5 / C, generator=weights)  @glove
        self.bias, self.context_bias = (nn.Parameter(torch.zeros(V)) for _ in range(2))  @glove

    def forward(self, tokens, source):  # (B, I), (B, J) -> scores (B, J)
        v, u = self.word[tokens], self.context[source]  # $vectors
        w = tokens.shape[1] // 2  @cbow
        near = torch.cat([torch.arange(1.0, w + 1), torch.arange(w, 0.0, -1)])  # nearer words count more  @cbow
        v = (near / near.sum())[None] @ v  @cbow
        return (u @ v.mT)[..., 0]  @!glove
        return (u @ v.mT)[..., 0] + self.bias[tokens] + self.context_bias[source]  @glove

model = Model()
"""
