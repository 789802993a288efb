# frozen_string_literal: true

require 'sinatra/base'
require 'json'
require 'time'
require 'uri'
require 'erb'
require 'monitor'
require 'securerandom'

MODE = ENV.fetch('BED_MODE', '')
def mode?(*names) = names.map(&:to_s).include?(MODE)

Author  = Struct.new(:id, :name, :email, :bio, :website, :created_at, :updated_at, keyword_init: true)
Article = Struct.new(:id, :title, :slug, :body, :status, :featured, :tags, :legacy_id, :author_id,
                     :published_at, :created_at, :updated_at, keyword_init: true)
Comment = Struct.new(:id, :article_id, :commenter_name, :body, :approved, :created_at, :updated_at, keyword_init: true)

class Store
  attr_accessor :authors, :articles, :comments, :serial

  def initialize
    @authors = {}
    @articles = {}
    @comments = {}
    @serial = Hash.new(0)
  end

  def next_id(kind)
    serial[kind] += mode?(:sparse_ids) ? rand(1_000..900_000) : 1
  end

  def snapshot
    copy = Store.new
    %i[authors articles comments].each { |k| copy.send("#{k}=", send(k).transform_values(&:dup)) }
    copy
  end
end

class ApiError < StandardError
  attr_reader :status, :errors, :headers

  def initialize(status, errors, headers = {})
    super(status.to_s)
    @status = status
    @errors = errors.is_a?(Array) ? errors : [errors]
    @headers = headers
  end
end

class App < Sinatra::Base
  MEDIA = 'application/vnd.api+json'
  TOKEN = 'ghp-bed-7c1b5e'
  SLUG = /\A[a-z0-9]+(-[a-z0-9]+)*\z/.freeze
  TAG = /\A[a-z0-9-]{1,24}\z/.freeze
  EMAIL = /\A[A-Za-z0-9.!#$%&'*+\/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\z/.freeze
  LOCK = Monitor.new
  STORE = Store.new
  SHADOW = { store: STORE }
  BUCKET = { tokens: 300.0, at: Process.clock_gettime(Process::CLOCK_MONOTONIC) }

  set :environment, :production
  set :show_exceptions, false
  set :raise_errors, false
  set :dump_errors, false
  set :protection, false
  set :default_content_type, nil

  if mode?(:list_lag)
    SHADOW[:store] = STORE.snapshot
    Thread.new { loop { sleep 0.3; LOCK.synchronize { SHADOW[:store] = STORE.snapshot } } }
  end

  # ---- plumbing

  before do
    sleep(rand(0.05..0.15)) if mode?(:slow)
    headers 'X-Request-Id' => SecureRandom.uuid, 'Vary' => 'Accept'
    take_token
    next if request.path_info == '/api/up'

    authenticate
    accept = request.env['HTTP_ACCEPT'].to_s
    if accept.include?(MEDIA) && accept.split(',').all? { |a| a.include?(MEDIA) && a =~ /;\s*(?!q=)/ }
      raise ApiError.new(406, err(406, 'Not Acceptable', 'media type parameters are not supported'))
    end
    if mode?(:strict_query)
      request.GET.each_key do |k|
        unless %w[page filter sort include].include?(k)
          raise ApiError.new(400, err(400, 'Bad Request', "unknown parameter #{k}", parameter: k))
        end
      end
    end
  end

  def take_token
    LOCK.synchronize do
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      BUCKET[:tokens] = [300.0, BUCKET[:tokens] + (now - BUCKET[:at]) * 200].min
      BUCKET[:at] = now
      raise ApiError.new(429, err(429, 'Too Many Requests', 'slow down'), 'Retry-After' => '1') if BUCKET[:tokens] < 1

      BUCKET[:tokens] -= 1
    end
  end

  def authenticate
    return if request.env['HTTP_AUTHORIZATION'] == "Bearer #{TOKEN}"
    return if mode?(:no_auth_on_comment_delete) && request.delete? && request.path_info =~ %r{/comments/}

    raise ApiError.new(401, err(401, 'Unauthorized', 'a valid bearer token is needed'),
                       'WWW-Authenticate' => 'Bearer realm="press"')
  end

  def err(status, title, detail, pointer: nil, parameter: nil)
    e = { 'status' => mode?(:error_status_integer) ? status : status.to_s, 'title' => title, 'detail' => detail }
    e['source'] = { 'pointer' => pointer } if pointer
    e['source'] = { 'parameter' => parameter } if parameter
    e
  end

  def emit(code, doc)
    status code
    content_type(mode?(:list_plain_json) && doc['data'].is_a?(Array) ? 'application/json' : MEDIA)
    doc = doc.merge('jsonapi' => { 'version' => '1.1' })
    doc = doc.merge('meta' => (doc['meta'] || {}).merge('copyright' => 'Press Ltd')) if mode?(:extra_members)
    doc = doc.to_a.reverse.to_h if mode?(:pretty_reordered)
    text = mode?(:pretty_reordered) ? "#{JSON.pretty_generate(doc)}\n" : JSON.generate(doc)
    etag(Digest::SHA1.hexdigest(text), kind: :weak) if mode?(:etag_304) && request.get? && code == 200
    if mode?(:chunked)
      parts = text.b.scan(/.{1,700}/mn)
      return Enumerator.new { |y| parts.each { |p| y << p } }
    end
    text
  end

  error ApiError do
    e = env['sinatra.error']
    headers e.headers
    halt emit(e.status, 'errors' => e.errors)
  end

  not_found do
    next if response.content_type.to_s.start_with?(MEDIA)

    emit(404, 'errors' => [err(404, 'Not Found', 'no such path')])
  end

  error Sinatra::BadRequest do
    emit(400, 'errors' => [err(400, 'Bad Request', 'the query cannot be read')])
  end

  error do
    status 500
    content_type 'text/html'
    '<h1>Internal Server Error</h1>'
  end

  def well_formed?(v)
    case v
    when String then v.valid_encoding?
    when Array then v.all? { |x| well_formed?(x) }
    when Hash then v.all? { |k, x| well_formed?(k) && well_formed?(x) }
    else true
    end
  end

  def payload(type, id: nil)
    ct = request.content_type.to_s.split(';').map(&:strip)
    unless ct.first.to_s.downcase == MEDIA && ct.size == 1
      raise ApiError.new(415, err(415, 'Unsupported Media Type', "send #{MEDIA} without parameters"))
    end
    raw = request.body.read.to_s.dup.force_encoding('UTF-8')
    raise ApiError.new(400, err(400, 'Bad Request', 'empty body')) if raw.empty?

    begin
      raise JSON::ParserError, 'invalid UTF-8' unless raw.valid_encoding?

      doc = JSON.parse(raw)
      raise JSON::ParserError, 'lone surrogate' unless well_formed?(doc)
    rescue JSON::ParserError => e
      raise 'boom' if mode?(:malformed_json_500)

      raise ApiError.new(400, err(400, 'Bad Request', "malformed JSON: #{e.message[0, 80]}"))
    end
    data = doc.is_a?(Hash) ? doc['data'] : nil
    raise ApiError.new(400, err(400, 'Bad Request', 'data must be an object', pointer: '/data')) unless data.is_a?(Hash)

    if data['type'] != type && !(mode?(:wrong_type_accepted) && data['type'].is_a?(String))
      raise ApiError.new(409, err(409, 'Conflict', "type must be #{type}", pointer: '/data/type'))
    end
    if id.nil?
      raise ApiError.new(403, err(403, 'Forbidden', 'ids are given by the server', pointer: '/data/id')) if data.key?('id')
    elsif data['id'] != id.to_s
      raise ApiError.new(409, err(409, 'Conflict', 'id must be the one of the URL', pointer: '/data/id'))
    end
    attrs = data.fetch('attributes', {})
    rels = data.fetch('relationships', {})
    raise ApiError.new(400, err(400, 'Bad Request', 'must be an object', pointer: '/data/attributes')) unless attrs.is_a?(Hash)
    raise ApiError.new(400, err(400, 'Bad Request', 'must be an object', pointer: '/data/relationships')) unless rels.is_a?(Hash)

    [attrs, rels]
  end

  # ---- validation

  class Form
    attr_reader :errors, :attrs

    def initialize(app, attrs, create)
      @app = app
      @attrs = attrs
      @create = create
      @errors = []
    end

    def bad(key, detail, where: 'attributes')
      @errors << @app.err(422, 'Unprocessable Entity', "#{key} #{detail}", pointer: "/data/#{where}/#{key}")
      nil
    end

    # yields the value when it was sent and is right
    def text(key, min, max, required: false, null: false, match: nil, blank: true)
      unless attrs.key?(key)
        bad(key, 'is required') if required && @create
        return
      end
      v = attrs[key]
      if v.nil?
        return null ? yield(nil) : bad(key, 'must not be null')
      end
      return bad(key, 'must be a string') unless v.is_a?(String)

      max += 1 if mode?(:title_bound_off_by_one) && key == 'title'
      return bad(key, "must have #{min} to #{max} characters") unless v.length.between?(min, max)
      return bad(key, "can't be blank") if !blank && v !~ /[^[:space:]]/
      return bad(key, 'has the wrong form') if match && v !~ match
      return bad(key, 'contains a control character') if v.include?("\0")

      yield v
    end

    def flag(key)
      return unless attrs.key?(key)

      v = attrs[key]
      return bad(key, 'must be a boolean') unless [true, false].include?(v)

      yield v
    end

    def done!
      raise ApiError.new(422, errors) if errors.any?
    end
  end

  # ---- rendering

  def ts(t) = t&.utc&.iso8601(3)

  def author_json(a)
    attrs = { 'name' => a.name, 'email' => a.email, 'bio' => a.bio, 'website' => a.website,
              'articles_count' => STORE.articles.values.count { |x| x.author_id == a.id },
              'created_at' => ts(a.created_at), 'updated_at' => ts(a.updated_at) }
    attrs['gravatar'] = "https://gravatar.example/#{a.id}" if mode?(:extra_members)
    { 'type' => 'authors', 'id' => a.id.to_s, 'attributes' => attrs,
      'relationships' => { 'articles' => { 'links' => { 'related' => link('/api/articles', 'filter[author]' => a.id.to_s) } } },
      'links' => { 'self' => link("/api/authors/#{a.id}") } }
  end

  def article_json(a)
    attrs = { 'title' => a.title, 'slug' => a.slug, 'body' => a.body, 'status' => a.status, 'featured' => a.featured,
              'tags' => a.tags, 'legacy_id' => a.legacy_id, 'word_count' => a.body.split.size,
              'comments_count' => comments_count(a),
              'reading_time_minutes' => 1 + a.body.split.size / 200,
              'published_at' => ts(a.published_at), 'created_at' => ts(a.created_at), 'updated_at' => ts(a.updated_at) }
    attrs.delete('published_at') if mode?(:published_at_missing_when_null) && a.published_at.nil?
    attrs['editor_note'] = nil if mode?(:extra_members)
    { 'type' => 'articles', 'id' => a.id.to_s, 'attributes' => attrs,
      'relationships' => { 'author' => { 'data' => { 'type' => 'authors', 'id' => a.author_id.to_s } },
                           'comments' => { 'links' => { 'related' => link("/api/articles/#{a.id}/comments") } } },
      'links' => { 'self' => link("/api/articles/#{a.id}") } }
  end

  COUNTERS = Hash.new(0)
  def comments_count(a)
    return COUNTERS[a.id] if mode?(:comments_count_not_decremented)

    STORE.comments.values.count { |c| c.article_id == a.id }
  end

  def comment_json(c)
    { 'type' => 'comments', 'id' => mode?(:comment_id_integer) ? c.id : c.id.to_s,
      'attributes' => { 'commenter_name' => c.commenter_name, 'body' => c.body, 'approved' => c.approved,
                        'created_at' => ts(c.created_at), 'updated_at' => ts(c.updated_at) },
      'relationships' => { 'article' => { 'data' => { 'type' => 'articles', 'id' => c.article_id.to_s } } },
      'links' => { 'self' => link("/api/articles/#{c.article_id}/comments/#{c.id}") } }
  end

  def link(path, query = {})
    base = mode?(:absolute_links) ? "http://#{request.env['HTTP_HOST']}" : ''
    query.empty? ? base + path : "#{base}#{path}?#{URI.encode_www_form(query)}"
  end

  def source = mode?(:list_lag) ? SHADOW[:store] : STORE

  # ---- paging

  def int_param(group, key, default, max)
    h = request.GET[group]
    return default if h.nil?
    raise ApiError.new(400, err(400, 'Bad Request', "#{group} must have members", parameter: group)) unless h.is_a?(Hash)
    return default unless h.key?(key)

    v = h[key].to_s
    unless v =~ /\A[0-9]{1,18}\z/ && v.to_i >= 1 && (max.nil? || v.to_i <= max)
      raise ApiError.new(400, err(400, 'Bad Request', 'is out of range', parameter: "#{group}[#{key}]"))
    end
    v.to_i
  end

  def filter(key)
    h = request.GET['filter']
    return nil if h.nil?
    raise ApiError.new(400, err(400, 'Bad Request', 'filter must have members', parameter: 'filter')) unless h.is_a?(Hash)
    return nil unless h.key?(key)
    raise ApiError.new(400, err(400, 'Bad Request', 'must be text', parameter: "filter[#{key}]")) unless h[key].is_a?(String)

    h[key]
  end

  def paged(path, items, all_count)
    number = int_param('page', 'number', 1, 1_000_000_000)
    size = int_param('page', 'size', 10, 50)
    offset = (number - 1) * size
    offset -= 1 if mode?(:page_repeats_boundary) && number > 1
    total = items.size
    slice = offset >= total ? [] : items[offset, size]
    last = [(total.to_f / size).ceil, 1].max
    last = [total / size, 1].max if mode?(:last_link_rounded_down)
    kept = request.GET.reject { |k, _| k == 'page' }
    kept = {} if mode?(:next_link_loses_filter)
    flat = {}
    kept.each { |k, v| v.is_a?(Hash) ? v.each { |k2, v2| flat["#{k}[#{k2}]"] = v2 } : flat[k] = v }
    at = ->(n) { link(path, flat.merge('page[number]' => n, 'page[size]' => size)) }
    links = { 'self' => at[number], 'first' => at[1], 'last' => at[last],
              'prev' => number > 1 ? at[[number - 1, last].min] : nil, 'next' => number < last ? at[number + 1] : nil }
    { 'data' => slice.map { |x| yield x }, 'links' => links,
      'meta' => { 'total' => mode?(:total_ignores_filter) ? all_count : total } }
  end

  def find(kind, id, label)
    rec = id =~ /\A[1-9][0-9]{0,17}\z/ ? STORE.send(kind)[id.to_i] : nil
    if rec.nil?
      halt emit(200, 'data' => nil) if mode?(:missing_article_200_null) && kind == :articles && request.get?
      raise ApiError.new(404, err(404, 'Not Found', "no such #{label}"))
    end
    rec
  end

  def now = Time.now

  get('/api/up') { content_type 'application/json'; '{"up":true}' }

  # ---- authors

  def fill_author(a, attrs, create)
    f = Form.new(self, attrs, create)
    dup = false
    f.text('name', 1, 80, required: true, blank: false) { |v| a.name = v }
    f.text('email', 3, 254, required: true, match: EMAIL) do |v|
      a.email = v
      dup = STORE.authors.values.any? do |o|
        o.id != a.id && (mode?(:email_unique_case_sensitive) ? o.email == v : o.email.downcase == v.downcase)
      end
    end
    f.text('bio', 0, 2000, null: true) { |v| a.bio = v }
    f.text('website', 8, 300, null: true, match: %r{\Ahttps?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/?#&=%+-]*)?\z}) do |v|
      a.website = v unless v.nil? && mode?(:null_website_ignored) && !create
    end
    f.done!
    raise ApiError.new(409, err(409, 'Conflict', 'email is taken', pointer: '/data/attributes/email')) if dup
  end

  get '/api/authors' do
    LOCK.synchronize do
      items = source.authors.values
      items = items.sort_by { |a| [a.name.downcase, a.id] } if mode?(:authors_by_name)
      emit(200, paged('/api/authors', items, items.size) { |a| author_json(a) })
    end
  end

  post '/api/authors' do
    LOCK.synchronize do
      attrs, = payload('authors')
      a = Author.new(id: -1)
      fill_author(a, attrs, true)
      a.id = STORE.next_id(:authors)
      a.created_at = a.updated_at = now
      STORE.authors[a.id] = a
      headers 'Location' => link("/api/authors/#{a.id}") unless mode?(:author_location_missing)
      emit(201, 'data' => author_json(a))
    end
  end

  get '/api/authors/:id' do
    LOCK.synchronize { emit(200, 'data' => author_json(find(:authors, params['id'], 'author'))) }
  end

  patch '/api/authors/:id' do
    LOCK.synchronize do
      a = find(:authors, params['id'], 'author')
      attrs, = payload('authors', id: a.id)
      n = a.dup
      n.bio = nil if mode?(:patch_clears_unsent_bio)
      fill_author(n, attrs, false)
      n.updated_at = now
      n.created_at = now if mode?(:created_at_moves)
      STORE.authors[a.id] = n
      emit(200, 'data' => author_json(n))
    end
  end

  delete '/api/authors/:id' do
    LOCK.synchronize do
      a = find(:authors, params['id'], 'author')
      if STORE.articles.values.any? { |x| x.author_id == a.id } && !mode?(:author_with_articles_deleted)
        raise ApiError.new(409, err(409, 'Conflict', 'the author has articles'))
      end
      STORE.authors.delete(a.id)
      status 204
    end
  end

  # ---- articles

  def fill_article(a, attrs, rels, create)
    f = Form.new(self, attrs, create)
    dup = false
    f.text('title', 1, 150, required: true, blank: false) { |v| a.title = mode?(:title_cut_at_100) ? v[0, 100] : v }
    f.text('slug', 1, 160, match: SLUG) do |v|
      a.slug = v
      dup = STORE.articles.values.any? { |o| o.id != a.id && o.slug == v }
    end
    f.text('body', 0, 20_000, required: true) { |v| a.body = mode?(:body_squished) ? v.strip.gsub(/[[:space:]]+/, ' ') : v }
    f.text('status', 0, 100) do |v|
      next f.bad('status', 'is not a status') unless %w[draft published archived].include?(v)

      a.published_at = now if v == 'published' && (a.published_at.nil? || mode?(:published_at_moves))
      a.status = v
    end
    f.flag('featured') { |v| a.featured = mode?(:featured_false_ignored) ? (v || a.featured) : v }
    if attrs.key?('tags')
      t = attrs['tags']
      if t.is_a?(Array) && t.size <= 8 && t.uniq.size == t.size && t.all? { |x| x.is_a?(String) && x =~ TAG }
        a.tags = t
      else
        f.bad('tags', 'must be up to 8 different tags')
      end
    end
    if attrs.key?('legacy_id')
      v = attrs['legacy_id']
      v = v.to_i if v.is_a?(Float) && v.finite? && v == v.floor # 5.0 is an integer in JSON
      if v.nil? || (v.is_a?(Integer) && v.between?(0, 2**63 - 1))
        a.legacy_id = mode?(:legacy_id_rounded) ? v&.to_f&.to_i : v
      else
        f.bad('legacy_id', 'must be an integer')
      end
    end
    if rels.key?('author')
      ref = rels['author'].is_a?(Hash) ? rels['author']['data'] : nil
      if ref.is_a?(Hash) && ref['type'] == 'authors' && ref['id'].is_a?(String) && ref['id'] =~ /\A[1-9][0-9]{0,17}\z/ && STORE.authors[ref['id'].to_i]
        a.author_id = ref['id'].to_i unless mode?(:author_change_ignored) && !create
      else
        f.bad('author', 'does not exist', where: 'relationships')
      end
    elsif create
      f.bad('author', 'is required', where: 'relationships')
    end
    f.done!
    raise ApiError.new(409, err(409, 'Conflict', 'slug is taken', pointer: '/data/attributes/slug')) if dup
  end

  def derive_slug(a)
    base = a.title.downcase.gsub(/[^a-z0-9]+/, '-').gsub(/\A-+|-+\z/, '')[0, 100].sub(/-+\z/, '')
    base = 'article' if base.empty?
    slug = base
    n = 1
    slug = "#{base}-#{n += 1}" while STORE.articles.values.any? { |o| o.slug == slug }
    slug
  end

  SORTS = %w[created_at -created_at title -title].freeze

  get '/api/articles' do
    LOCK.synchronize do
      items = source.articles.values
      all = items.size
      if (s = filter('status'))
        raise ApiError.new(400, err(400, 'Bad Request', 'is not a status', parameter: 'filter[status]')) unless %w[draft published archived].include?(s)

        items = items.select { |a| a.status == s }
      end
      if (s = filter('author'))
        items = items.select { |a| mode?(:author_filter_by_prefix) ? a.author_id.to_s.start_with?(s) : a.author_id.to_s == s }
      end
      if (s = filter('tag'))
        items = items.select { |a| mode?(:tag_filter_first_only) ? a.tags.first == s : a.tags.include?(s) }
      end
      sort = request.GET.fetch('sort', '-created_at')
      raise ApiError.new(400, err(400, 'Bad Request', 'cannot sort by this', parameter: 'sort')) unless SORTS.include?(sort)

      key = sort.delete_prefix('-')
      items = items.sort_by { |a| [key == 'title' ? a.title.codepoints : [0], a.created_at, a.id] }
      items.reverse! if sort.start_with?('-') && !(mode?(:title_desc_ignored) && key == 'title')
      inc = included
      doc = paged('/api/articles', items, all) { |a| article_json(a) }
      if inc
        ids = doc['data'].map { |d| d['relationships']['author']['data']['id'].to_i }
        ids = ids.uniq unless mode?(:included_repeats)
        doc['included'] = ids.map { |i| STORE.authors[i] }.compact.map { |a| author_json(a) }
      end
      emit(200, doc)
    end
  end

  def included
    return false unless request.GET.key?('include')
    return true if request.GET['include'] == 'author'
    return false if request.GET['include'] == ''

    raise ApiError.new(400, err(400, 'Bad Request', 'cannot be included', parameter: 'include'))
  end

  post '/api/articles' do
    LOCK.synchronize do
      attrs, rels = payload('articles')
      a = Article.new(id: -1, status: 'draft', featured: false, tags: [])
      fill_article(a, attrs, rels, true)
      a.id = STORE.next_id(:articles)
      a.slug ||= derive_slug(a)
      a.created_at = a.updated_at = now
      STORE.articles[a.id] = a
      headers 'Location' => link("/api/articles/#{a.id}")
      emit(201, 'data' => article_json(a))
    end
  end

  get '/api/articles/:id' do
    LOCK.synchronize do
      a = find(:articles, params['id'], 'article')
      doc = { 'data' => article_json(a) }
      doc['included'] = [author_json(STORE.authors[a.author_id])] if included
      emit(200, doc)
    end
  end

  patch '/api/articles/:id' do
    LOCK.synchronize do
      a = find(:articles, params['id'], 'article')
      attrs, rels = payload('articles', id: a.id)
      n = a.dup
      fill_article(n, attrs, rels, false)
      n.updated_at = now
      STORE.articles[a.id] = n
      emit(200, 'data' => article_json(n))
    end
  end

  delete '/api/articles/:id' do
    LOCK.synchronize do
      a = find(:articles, params['id'], 'article')
      STORE.articles.delete(a.id)
      STORE.comments.reject! { |_, c| c.article_id == a.id }
      status 204
    end
  end

  # ---- comments

  def fill_comment(c, attrs, create)
    f = Form.new(self, attrs, create)
    f.text('commenter_name', 1, 80, required: true, blank: false) do |v|
      c.commenter_name = mode?(:commenter_name_latin1) ? v.encode('ISO-8859-1', undef: :replace, replace: '?').encode('UTF-8') : v
    end
    f.text('body', 1, 1000, required: true, blank: false) { |v| c.body = v }
    f.flag('approved') { |v| c.approved = v }
    f.done!
  end

  get '/api/articles/:article_id/comments' do
    LOCK.synchronize do
      a = find(:articles, params['article_id'], 'article')
      items = source.comments.values.select { |c| c.article_id == a.id }
      items = items.reverse if mode?(:comments_newest_first)
      emit(200, paged("/api/articles/#{a.id}/comments", items, source.comments.size) { |c| comment_json(c) })
    end
  end

  post '/api/articles/:article_id/comments' do
    LOCK.synchronize do
      a = find(:articles, params['article_id'], 'article')
      attrs, = payload('comments')
      c = Comment.new(id: -1, article_id: a.id, approved: false)
      fill_comment(c, attrs, true)
      c.id = STORE.next_id(:comments)
      c.created_at = c.updated_at = now
      STORE.comments[c.id] = c
      COUNTERS[a.id] += 1
      headers 'Location' => link("/api/articles/#{a.id}/comments/#{c.id}")
      emit(201, 'data' => comment_json(c))
    end
  end

  def find_comment
    a = find(:articles, params['article_id'], 'article')
    c = find(:comments, params['id'], 'comment')
    if c.article_id != a.id && !mode?(:comment_of_other_article)
      raise ApiError.new(404, err(404, 'Not Found', 'no such comment'))
    end
    c
  end

  get '/api/articles/:article_id/comments/:id' do
    LOCK.synchronize { emit(200, 'data' => comment_json(find_comment)) }
  end

  patch '/api/articles/:article_id/comments/:id' do
    LOCK.synchronize do
      c = find_comment
      attrs, = payload('comments', id: c.id)
      n = c.dup
      fill_comment(n, attrs, false)
      n.updated_at = now
      STORE.comments[c.id] = n
      if mode?(:approve_all_comments) && attrs.key?('approved')
        STORE.comments.each_value { |o| o.approved = n.approved if o.article_id == n.article_id }
      end
      emit(200, 'data' => comment_json(n))
    end
  end

  delete '/api/articles/:article_id/comments/:id' do
    LOCK.synchronize do
      c = find_comment
      STORE.comments.delete(c.id)
      status 204
    end
  end

  after { headers 'Connection' => 'close' if mode?(:close_connections) }
end
