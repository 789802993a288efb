require 'digest'
require_relative 'app'
use Rack::Deflater if mode?(:gzip)
run App
